using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Server.Network.Caa;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Server.Tests.Network;

/// <summary>CAA as dns-01 runs it after its own check.</summary>
public sealed class CaaCheckerTests : IAsyncDisposable
{
    private const string Account = Scene.AccountUrl;
    private readonly Scene _scene = new();

    public CaaCheckerTests() => _scene.Dns.WithTxt(
        "_acme-challenge." + Scene.Name,
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Scene.KeyAuthorization))));

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact, Spec("RFC 8659 §3")]
    public async Task Without_records_issuance_is_allowed_and_every_parent_was_asked()
    {
        await ShouldAllow();
        _scene.Dns.Queries.Where(q => q.Type == TestDnsServer.Caa).Select(q => q.Name).Should().Equal("host.example", "example");
    }

    [Fact]
    public async Task A_profile_without_CAA_does_not_ask()
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", ";");
        (await _scene.Validate("dns-01", Scene.Target(), TestContext.Current.CancellationToken)).Should().BeNull();
        _scene.Dns.Queries.Should().NotContain(q => q.Type == TestDnsServer.Caa);
    }

    [Theory, Spec("RFC 8659 §4.2")]
    [InlineData("acme.example")]
    [InlineData("ACME.example")]
    [InlineData(" \tacme.example\t ")]
    [InlineData("acme.example;")]
    [InlineData("acme.example; policy=ev")]
    [InlineData("acme.example; a=; b=c")]
    public async Task Our_name_allows(string value)
    {
        _scene.Dns.WithCaa(Scene.Name, "IsSue", value);
        await ShouldAllow();
    }

    [Theory, Spec("RFC 8659 §4.2")]
    [InlineData("")]
    [InlineData(";")]
    [InlineData("other.example")]
    [InlineData("sub.acme.example")]
    [InlineData("acme.example.")]
    [InlineData("acme..example")]
    [InlineData("-acme.example")]
    [InlineData("acme.example other")]
    [InlineData("acme.example; nonsense")]
    [InlineData("acme.example; a=b c")]
    [InlineData("acme.example; a=b;")]
    [InlineData("acme.example; ; a=b")]
    [InlineData("acme.example; =b")]
    [InlineData("acme.example\0")]
    public async Task Another_name_or_a_value_outside_the_grammar_forbids(string value)
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", value);
        await ShouldRefuse("caa", "caa-forbids");
    }

    [Fact, Spec("RFC 8659 §4.2")]
    public async Task One_of_several_records_allows()
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", "other.example").WithCaa(Scene.Name, "issue", "acme.example");
        await ShouldAllow();
    }

    [Fact, Spec("RFC 8659 §3")]
    public async Task The_nearest_records_count_and_parents_do_not()
    {
        _scene.Dns.WithCaa("example", "issue", "other.example");
        await ShouldRefuse("caa", "caa-forbids");
        _scene.Dns.WithCaa(Scene.Name, "issue", "acme.example");
        await ShouldAllow();
    }

    [Fact, Spec("RFC 8659 §3")]
    public async Task An_alias_is_followed_and_its_parents_are_not_climbed()
    {
        _scene.Dns.WithCname(Scene.Name, "target.elsewhere").WithCaa("elsewhere", "issue", "other.example").WithAddress("target.elsewhere", "10.0.0.1");
        await ShouldAllow();
        _scene.Dns.WithCaa("target.elsewhere", "issue", "other.example");
        await ShouldRefuse("caa", "caa-forbids");
    }

    [Fact, Spec("RFC 8659 §4.3")]
    public async Task Issuewild_counts_for_wildcards_only_and_takes_the_place_of_issue()
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", "acme.example").WithCaa(Scene.Name, "issuewild", ";");
        await ShouldAllow();
        (await Validate(wildcard: true)).ShouldBe("caa", "caa-forbids");
    }

    [Fact, Spec("RFC 8659 §4.3")]
    public async Task Issue_counts_for_wildcards_where_there_is_no_issuewild()
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", "other.example");
        (await Validate(wildcard: true)).ShouldBe("caa", "caa-forbids");
    }

    [Fact, Spec("RFC 8659 §4.3")]
    public async Task Issuewild_alone_does_not_bind_a_plain_name()
    {
        _scene.Dns.WithCaa(Scene.Name, "issuewild", "other.example");
        await ShouldAllow();
        (await Validate(wildcard: true)).ShouldBe("caa", "caa-forbids");
    }

    [Fact, Spec("RFC 8659 §4.4")]
    public async Task Records_that_restrict_nobody_allow()
    {
        _scene.Dns.WithCaa(Scene.Name, "iodef", "mailto:a@example", flags: 0x80).WithCaa(Scene.Name, "contactemail", "a@example");
        await ShouldAllow();
    }

    [Fact, Spec("RFC 8659 §4.1")]
    public async Task A_critical_property_that_is_not_known_forbids()
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", "acme.example").WithCaa(Scene.Name, "tbs", "x", flags: 0x80);
        await ShouldRefuse("caa", "caa-critical-unknown");
    }

    [Fact, Spec("RFC 8659 §4.1")]
    public async Task Only_the_first_bit_means_critical()
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", "acme.example").WithCaa(Scene.Name, "tbs", "x", flags: 0x7F);
        await ShouldAllow();
    }

    [Theory, Spec("RFC 8659 §3")]
    [InlineData(2, "SERVFAIL")]
    [InlineData(5, "REFUSED")]
    public async Task Records_that_cannot_be_known_forbid(int code, string words)
    {
        _scene.Dns.WithCode("example", code);
        var problem = await Validate();
        problem.ShouldBe("dns", "caa-lookup-failed");
        problem!.Detail.Should().Contain(words).And.Contain("CAA of example");
    }

    [Fact, Spec("RFC 8659 §4.1")]
    public async Task A_record_that_cannot_be_read_forbids()
    {
        _scene.Timing = _scene.Timing with { DnsAttempt = TimeSpan.FromMilliseconds(300), DnsAttempts = 1 };
        _scene.Dns.With(Scene.Name, TestDnsServer.Caa, [0, 40, (byte)'i']);
        await ShouldRefuse("dns", "caa-lookup-failed");
    }

    [Fact]
    public async Task A_server_without_an_identity_gives_advice()
    {
        _scene.CaaIdentities = [];
        await ShouldAllow();
        _scene.Dns.WithCaa(Scene.Name, "issue", "acme.example");
        await ShouldRefuse("caa", "caa-identities-missing");
        (await Validate())!.Detail.Should().Contain("--caa-identities");
    }

    [Theory, Spec("RFC 8657 §3")]
    [InlineData("accounturi=" + Account, true)]
    [InlineData("AccountURI = " + Account, true)]
    [InlineData("accounturi=" + Account + "2", false)]
    [InlineData("accounturi=", false)]
    [InlineData("accounturi=" + Account + "; accounturi=" + Account, false)]
    public async Task An_account_is_named(string parameters, bool allowed)
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", $"acme.example; {parameters}");
        await (allowed ? ShouldAllow() : ShouldRefuse("caa", "caa-account"));
    }

    [Theory, Spec("RFC 8657 §3")]
    [InlineData("tkt_AAAAAAAAAAAAAAAAAAAAAA/account/1", true)]
    [InlineData("account/1", true)]
    [InlineData("tkt_AAAAAAAAAAAAAAAAAAAAAB/account/1", false)]
    [InlineData("tkt_AAAAAAAAAAAAAAAAAAAAAA/account/2", false)]
    [InlineData("tkt_AAAAAAAAAAAAAAAAAAAAAA/account/11", false)]
    public async Task An_account_of_a_ticket_is_named_with_its_code_or_without(string path, bool allowed)
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", $"acme.example; accounturi=https://acme.example/acme/tls-server/{path}");

        var problem = await _scene.Validate(
            "dns-01", Scene.Target(caa: true) with { TicketHash = TicketCode.Hash("tkt_AAAAAAAAAAAAAAAAAAAAAA") }, TestContext.Current.CancellationToken);

        (problem?.Reason).Should().Be(allowed ? null : "caa-account");
    }

    [Theory, Spec("RFC 8657 §4")]
    [InlineData("validationmethods=dns-01", true)]
    [InlineData("validationmethods=http-01,dns-01", true)]
    [InlineData("validationmethods=http-01", false)]
    [InlineData("validationmethods=", false)]
    [InlineData("validationmethods=dns-01,", false)]
    [InlineData("validationmethods=DNS-01", false)]
    [InlineData("validationmethods=dns-01; validationmethods=dns-01", false)]
    public async Task A_method_is_named(string parameters, bool allowed)
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", $"acme.example; {parameters}");
        await (allowed ? ShouldAllow() : ShouldRefuse("caa", "caa-method"));
    }

    [Fact, Spec("RFC 8657 §3"), Spec("RFC 8657 §4")]
    public async Task Account_and_method_must_stand_in_one_record()
    {
        _scene.Dns.WithCaa(Scene.Name, "issue", $"acme.example; accounturi={Account}; validationmethods=http-01")
            .WithCaa(Scene.Name, "issue", "acme.example; accounturi=https://other.example/1; validationmethods=dns-01");
        await ShouldRefuse("caa", "caa-method");
    }

    [Fact]
    public void Any_value_is_read_without_an_error() => Prop.ForAll<byte[]>(octets => CaaIssueValue.Read(octets) is not null).QuickCheckThrowOnFailure();

    private async Task ShouldAllow() => (await Validate()).Should().BeNull();

    private async Task ShouldRefuse(string type, string reason) => (await Validate()).ShouldBe(type, reason);

    private Task<Problem?> Validate(bool wildcard = false) =>
        _scene.Validate("dns-01", Scene.Target(wildcard: wildcard, caa: true), TestContext.Current.CancellationToken);
}
