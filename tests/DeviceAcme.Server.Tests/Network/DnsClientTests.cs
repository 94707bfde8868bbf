using System.Net;
using System.Text;
using DeviceAcme.Server.Network;
using DeviceAcme.Server.Network.Dns;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Server.Tests.Network.TestDnsServer;

namespace DeviceAcme.Server.Tests.Network;

public sealed class DnsClientTests : IAsyncDisposable
{
    private static readonly NetworkTiming Patient = new() { DnsAttempt = TimeSpan.FromSeconds(5), DnsTotal = TimeSpan.FromSeconds(15) };
    private static readonly NetworkTiming Hasty = new() { DnsAttempt = TimeSpan.FromMilliseconds(200), DnsTotal = TimeSpan.FromSeconds(5) };
    private readonly TestDnsServer _dns = TestDnsServer.Start();

    public ValueTask DisposeAsync() => _dns.DisposeAsync();

    [Fact, Spec("RFC 5452 §9.2"), Spec("RFC 6891 §6.2.5")]
    public async Task Each_query_has_its_own_id_and_source_port()
    {
        _dns.WithAddress("a.example", "10.0.0.1");
        for (var i = 0; i < 8; i++)
        {
            (await Resolve("a.example", DnsType.A)).Outcome.Should().Be(DnsOutcome.Found);
        }

        _dns.Queries.Select(q => q.Id).Distinct().Should().HaveCountGreaterThan(6);
        _dns.Queries.Select(q => q.SourcePort).Distinct().Should().HaveCountGreaterThan(6);
        _dns.Queries.Should().OnlyContain(q => q.Edns && !q.Tcp);
    }

    [Fact, Spec("RFC 2308 §2")]
    public async Task No_such_name_no_such_records_and_failures_are_told_apart()
    {
        _dns.WithAddress("a.example", "10.0.0.1").WithCode("broken.example", 2).WithCode("closed.example", 5).WithCode("odd.example", 4);
        (await Resolve("a.example", DnsType.Aaaa)).Reason.Should().Be("dns-no-records");
        (await Resolve("b.example", DnsType.A)).Reason.Should().Be("dns-no-such-name");
        (await Resolve("broken.example", DnsType.A)).Reason.Should().Be("dns-server-failure");
        (await Resolve("closed.example", DnsType.A)).Reason.Should().Be("dns-refused");
        (await Resolve("odd.example", DnsType.A)).Reason.Should().Be("dns-error");
    }

    [Fact, Spec("RFC 7766 §5")]
    public async Task A_cut_reply_is_asked_for_again_over_TCP()
    {
        _dns.WithTxt("a.example", "whole");
        _dns.Instead = q => q.Tcp ? null : [Raw(q.Id, 0x8380, q.QuestionSection, Record("a.example", Txt, [3, .. "cut"u8]))];
        Texts(await Resolve("a.example", DnsType.Txt)).Should().Equal("whole");
        _dns.Queries.Select(q => q.Tcp).Should().Equal(false, true);
    }

    [Fact, Spec("RFC 7766 §5")]
    public async Task Garbage_over_TCP_is_a_malformed_reply()
    {
        _dns.Instead = q => q.Tcp ? [[1, 2, 3]] : [Raw(q.Id, 0x8380, q.QuestionSection)];
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-malformed-reply");
    }

    [Fact, Spec("RFC 7766 §5")]
    public async Task A_reply_over_TCP_must_match_too()
    {
        _dns.Instead = q => q.Tcp ? [Raw(q.Id + 1, 0x8180, q.QuestionSection)] : [Raw(q.Id, 0x8380, q.QuestionSection)];
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-malformed-reply");
    }

    [Fact, Spec("RFC 5452 §9.1")]
    public async Task Replies_with_a_wrong_id_a_wrong_question_or_garbage_are_passed_over()
    {
        _dns.WithTxt("a.example", "true");
        var forged = Record("a.example", Txt, [5, .. "false"u8]);
        _dns.Instead = q =>
        [
            Raw(q.Id + 1, 0x8180, q.QuestionSection, forged),
            Raw(q.Id, 0x8180, Question("b.example", Txt), forged),
            Raw(q.Id, 0x8180, Question("a.example", A), forged),
            Raw(q.Id, 0x8180, [], forged),
            Raw(q.Id, 0x0100, q.QuestionSection),
            [0xFF, 0xFF],
            [],
            _dns.Reply(q),
        ];
        Texts(await Resolve("a.example", DnsType.Txt)).Should().Equal("true");
    }

    [Fact, Spec("RFC 5452 §9.1")]
    public async Task Nothing_but_wrong_replies_is_a_malformed_reply()
    {
        _dns.Instead = q => [Raw(q.Id, 0x8180, Question("b.example", Txt))];
        var answer = await Resolve("a.example", DnsType.Txt, Hasty);
        answer.Reason.Should().Be("dns-malformed-reply");
        answer.Describe().Should().Contain("b.example");
    }

    [Fact, Spec("RFC 5452 §9.1")]
    public async Task A_flood_of_wrong_replies_ends()
    {
        _dns.Instead = q => Enumerable.Repeat<byte[]>([1, 2, 3], 500);
        (await Resolve("a.example", DnsType.Txt, Patient with { DnsAttempts = 1 })).Reason.Should().Be("dns-malformed-reply");
    }

    [Fact, Spec("RFC 1035 §4.2.1")]
    public async Task A_lost_query_is_sent_again()
    {
        _dns.WithAddress("a.example", "10.0.0.1");
        _dns.Instead = q => _dns.Queries.Count == 1 ? [] : null;
        (await Resolve("a.example", DnsType.A, Hasty with { DnsAttempt = TimeSpan.FromSeconds(1) })).Outcome.Should().Be(DnsOutcome.Found);
        _dns.Queries.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_silent_server_is_a_timeout()
    {
        _dns.Instead = _ => [];
        (await Resolve("a.example", DnsType.A, Hasty)).Reason.Should().Be("dns-timeout");
        _dns.Queries.Should().HaveCount(Hasty.DnsAttempts);
    }

    [Fact]
    public async Task The_whole_look_up_has_one_bound()
    {
        _dns.Instead = _ => [];
        (await Resolve("a.example", DnsType.A, Patient with { DnsTotal = TimeSpan.FromMilliseconds(200) })).Reason.Should().Be("dns-timeout");
        _dns.Queries.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_not_told_an_outcome()
    {
        _dns.Instead = _ => [];
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var client = new DnsClient(() => [_dns.EndPoint], Patient);
        await client.Invoking(c => c.Resolve(Parse("a.example"), DnsType.A, stop.Token)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_port_where_nobody_answers_is_unreachable()
    {
        await _dns.DisposeAsync();
        (await Resolve("a.example", DnsType.A)).Reason.Should().Be("dns-unreachable");
    }

    [Fact]
    public async Task A_server_without_a_resolver_says_so() =>
        (await new DnsClient(() => [], Patient).Resolve(Parse("a.example"), DnsType.A, TestContext.Current.CancellationToken))
            .Describe().Should().Contain("--dns-resolver");

    [Fact]
    public async Task The_second_resolver_is_asked_when_the_first_fails()
    {
        await using var second = TestDnsServer.Start().WithAddress("a.example", "10.0.0.1");
        _dns.WithCode("a.example", 2);
        var client = new DnsClient(() => [_dns.EndPoint, second.EndPoint], Patient);
        (await client.Resolve(Parse("a.example"), DnsType.A, TestContext.Current.CancellationToken)).Outcome.Should().Be(DnsOutcome.Found);
    }

    [Fact, Spec("RFC 6891 §7")]
    public async Task A_server_without_EDNS_is_asked_again_without()
    {
        _dns.WithAddress("a.example", "10.0.0.1");
        _dns.Instead = q => q.Edns ? [Raw(q.Id, 0x8181, [])] : null;
        (await Resolve("a.example", DnsType.A)).Outcome.Should().Be(DnsOutcome.Found);
        _dns.Queries.Select(q => q.Edns).Should().Equal(true, false);
    }

    [Fact, Spec("RFC 1034 §3.6.2")]
    public async Task Aliases_within_a_reply_are_followed()
    {
        _dns.WithCname("a.example", "b.example").WithCname("b.example", "c.example").WithTxt("c.example", "x").WithTxt("other.example", "y");
        var answer = await Resolve("a.example", DnsType.Txt);
        Texts(answer).Should().Equal("x");
        answer.Aliases.Select(a => a.ToString()).Should().Equal("b.example", "c.example");
        _dns.Queries.Should().HaveCount(1);
    }

    [Fact, Spec("RFC 1034 §3.6.2")]
    public async Task An_alias_without_its_records_is_asked_for()
    {
        _dns.WithTxt("b.example", "x");
        _dns.Instead = q => q.Name == "a.example" ? [Message(q, 0, Record("a.example", Cname, Name("b.example")))] : null;
        Texts(await Resolve("a.example", DnsType.Txt)).Should().Equal("x");
    }

    [Fact, Spec("RFC 5452 §6")]
    public async Task Records_of_a_name_that_was_not_asked_for_do_not_count()
    {
        _dns.Instead = q => [Message(q, 0, Record("b.example", Txt, [1, (byte)'x']))];
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-no-records");
    }

    [Fact, Spec("RFC 6604 §3")]
    public async Task An_alias_to_no_name_is_no_such_name()
    {
        _dns.WithCname("a.example", "b.example");
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-no-such-name");
    }

    [Fact, Spec("RFC 1034 §3.6.2")]
    public async Task An_alias_without_records_of_the_type_is_no_records()
    {
        _dns.WithCname("a.example", "b.example").WithAddress("b.example", "10.0.0.1");
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-no-records");
    }

    [Theory, Spec("RFC 1034 §3.6.2")]
    [InlineData("a.example")]
    [InlineData("b.example")]
    public async Task A_loop_of_aliases_is_refused(string back)
    {
        _dns.Instead = q => [Message(q, 0, q.Name == "a.example" ? Record("a.example", Cname, Name("b.example")) : Record("b.example", Cname, Name(back)))];
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-alias-loop");
    }

    [Fact, Spec("RFC 1034 §3.6.2")]
    public async Task An_endless_chain_of_aliases_is_refused()
    {
        _dns.Instead = q => [Message(q, 0, Record(q.Name, Cname, Name("a" + q.Name)))];
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-too-many-aliases");
        _dns.Queries.Should().HaveCount(DnsClient.MaxAliases + 1);
    }

    [Fact, Spec("RFC 1034 §3.6.2")]
    public async Task Eight_aliases_are_followed()
    {
        for (var i = 0; i < DnsClient.MaxAliases; i++)
        {
            _dns.WithCname($"a{i}.example", $"a{i + 1}.example");
        }

        _dns.WithTxt($"a{DnsClient.MaxAliases}.example", "x");
        Texts(await Resolve("a0.example", DnsType.Txt)).Should().Equal("x");
    }

    [Fact, Spec("RFC 2181 §10.1")]
    public async Task Two_aliases_at_one_name_are_refused()
    {
        _dns.WithCname("a.example", "b.example").WithCname("a.example", "c.example");
        _dns.Instead = q => [Message(q, 0, Record("a.example", Cname, Name("b.example")), Record("a.example", Cname, Name("c.example")))];
        (await Resolve("a.example", DnsType.Txt)).Reason.Should().Be("dns-malformed-reply");
    }

    [Fact, Spec("RFC 1035 §3.3.1")]
    public async Task An_alias_itself_can_be_asked_for()
    {
        _dns.WithCname("a.example", "b.example");
        (await Resolve("a.example", DnsType.Cname)).Records.OfType<CnameRecord>().Single().Target.ToString().Should().Be("b.example");
    }

    [Fact, Spec("RFC 1035 §4.1.4")]
    public async Task A_compression_loop_does_not_hang()
    {
        _dns.Instead = q => [Raw(q.Id, 0x8180, q.QuestionSection, Record([0xC0, (byte)(12 + q.QuestionSection.Length)], A, [10, 0, 0, 1]))];
        (await Resolve("a.example", DnsType.A, Hasty)).Reason.Should().Be("dns-malformed-reply");
    }

    [Fact]
    public void The_systems_resolvers_are_read_from_resolv_conf() =>
        SystemResolvers.Parse(["# nameserver 10.0.0.9", "search example", "nameserver 10.0.0.1", " nameserver\tfd00::1 ", "nameserver nonsense", "nameserver"])
            .Select(e => e.ToString()).Should().Equal("10.0.0.1:53", "[fd00::1]:53");

    private static DnsName Parse(string name) => DnsName.TryParse(name, out var parsed) ? parsed : throw new FormatException(name);

    private static IEnumerable<string> Texts(DnsAnswer answer) => answer.Records.OfType<TxtRecord>().Select(r => Encoding.ASCII.GetString(r.Value));

    private Task<DnsAnswer> Resolve(string name, DnsType type, NetworkTiming? timing = null) =>
        new DnsClient(() => [_dns.EndPoint], timing ?? Patient).Resolve(Parse(name), type, TestContext.Current.CancellationToken);
}
