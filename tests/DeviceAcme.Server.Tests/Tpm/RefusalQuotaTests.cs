using DeviceAcme.Server.Tpm;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Tpm;

/// <summary>Nobody who is refused fills the store.</summary>
public sealed class RefusalQuotaTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void So_many_are_stored_in_an_hour_and_as_many_in_the_next()
    {
        var quota = new RefusalQuota(3);

        Enumerable.Range(0, 5).Count(second => quota.Take(Now.AddSeconds(second))).Should().Be(3);
        quota.Take(Now.AddMinutes(59)).Should().BeFalse();
        Enumerable.Range(0, 5).Count(second => quota.Take(Now.AddMinutes(60).AddSeconds(second))).Should().Be(3);
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_close_it()
    {
        var quota = new RefusalQuota(1);
        quota.Take(Now).Should().BeTrue();

        quota.Take(Now.AddDays(-1)).Should().BeTrue();
    }

    [Fact]
    public void Simultaneous_refusals_share_it()
    {
        var quota = new RefusalQuota(100);

        ParallelEnumerable.Range(0, 1000).Count(_ => quota.Take(Now)).Should().Be(100);
    }
}
