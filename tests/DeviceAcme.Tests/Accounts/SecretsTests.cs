using DeviceAcme.Core;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Accounts;

public sealed class SecretsTests
{
    private static readonly DateTimeOffset Moment = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    // 1795435200000 in the 64 characters of base64url in the order of their codes, seven of them
    [Fact]
    public void An_id_begins_with_its_moment() => Secrets.Id(Moment, Convert.FromHexString("00112233445566778899aa")).Should().Be("P77Gjs-" + "ABEiM0RVZneImao");

    [Fact]
    public void An_id_can_be_typed_as_the_argument_of_a_command() =>
        new[] { Moment, DateTimeOffset.UnixEpoch, DateTimeOffset.MinValue, DateTimeOffset.MaxValue }.SelectMany(moment => Enumerable.Range(0, 2000).Select(_ => Secrets.Id(moment)))
            .Should().OnlyContain(id => id.Length == 22 && id[0] != '-').And.OnlyHaveUniqueItems();

    [Fact]
    public void Ids_stand_in_the_order_of_their_moments()
    {
        // each step passes another digit: 1 ms, 64 ms, 4 s, 4 min, 5 h, 12 days, two years
        var moments = Enumerable.Range(0, 7).SelectMany(digit => Enumerable.Range(1, 30).Select(times => Moment.AddMilliseconds(times * Math.Pow(64, digit)))).Order().ToList();
        moments.Select(moment => Secrets.Id(moment)).Should().BeInAscendingOrder(StringComparer.Ordinal);
    }

    [Fact]
    public void A_code_has_128_random_bits() => Enumerable.Range(0, 2000).Select(_ => Secrets.Code()).Should().OnlyContain(code => code.Length == 22).And.OnlyHaveUniqueItems();
}
