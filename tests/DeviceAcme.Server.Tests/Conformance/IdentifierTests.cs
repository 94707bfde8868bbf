using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>What each identifier type takes, over HTTP (RFC 8555 §7.1.3, RFC 8738 §3, device-attest §3 and §4).</summary>
public sealed class IdentifierTests(SharedServer shared)
{
    [Theory, Spec("RFC 8555 §7.1.4")]
    [InlineData("host.example", "host.example")]
    [InlineData("HOST.Example", "host.example")]
    [InlineData("localhost", "localhost")]
    [InlineData("1host.example", "1host.example")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    [InlineData("*.host.example", "*.host.example")]
    public async Task A_dns_name_is_taken_in_lower_case(string value, string stored)
    {
        var account = await shared.Known("tls-server");
        ((string?)(await account.Order(("dns", value))).Json["identifiers"]![0]!["value"]).Should().Be(stored);
    }

    [Theory, Spec("RFC 8555 §7.1.4")]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("*.example")]
    [InlineData("a.*.example")]
    [InlineData("*.*.example.com")]
    [InlineData("**.host.example")]
    [InlineData("host.example.")]
    [InlineData(".host.example")]
    [InlineData("host..example")]
    [InlineData("-host.example")]
    [InlineData("host-.example")]
    [InlineData("ho_st.example")]
    [InlineData("ho st.example")]
    [InlineData(" host.example")]
    [InlineData("bücher.example")]
    [InlineData("xn--a.example")]
    [InlineData("ab--cd.example")]
    [InlineData("192.0.2.1")]
    [InlineData("host.example:443")]
    [InlineData("host.example\u0000.evil.example")]
    public async Task Another_dns_value_is_rejectedIdentifier(string value)
    {
        var account = await shared.Known("tls-server");
        (await account.Order(("dns", value))).ShouldBeProblem("rejectedIdentifier", 400);
    }

    [Theory, Spec("RFC 8738 §3")]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    [InlineData("::ffff:192.0.2.1")]
    public async Task A_canonical_address_is_taken(string value)
    {
        var account = await shared.Known("tls-server");
        (await account.Order(("ip", value))).Status.Should().Be(HttpStatusCode.Created);
    }

    [Theory, Spec("RFC 8738 §3")]
    [InlineData("2001:DB8::1")]
    [InlineData("2001:db8:0:0:0:0:0:1")]
    [InlineData("192.0.2.01")]
    [InlineData("192.0.2")]
    [InlineData("3221225985")]
    [InlineData("0xC0.0.2.1")]
    [InlineData("192.0.2.1/32")]
    [InlineData("[2001:db8::1]")]
    [InlineData("fe80::1%eth0")]
    [InlineData("host.example")]
    [InlineData("")]
    public async Task Another_address_is_rejectedIdentifier(string value)
    {
        var account = await shared.Known("tls-server");
        (await account.Order(("ip", value))).ShouldBeProblem("rejectedIdentifier", 400);
    }

    [Theory, Spec("device-attest §3")]
    [InlineData("C02SIM000001")]
    [InlineData("C02SIM000001/1.2.3.4")]
    [InlineData("a/0.39")]
    [InlineData("a/1.0")]
    [InlineData("a/2.999")]
    [InlineData("a/2.999.18446744073709551616")]
    [InlineData("with blank ")]
    [InlineData(" ")]
    [InlineData("tab\there")]
    [InlineData("Gerät-Ω")]
    [InlineData("*.x")]
    [InlineData("..")]
    [InlineData("\u0001")]
    [InlineData("C02sim000001")]
    public async Task A_permanent_identifier_is_taken_and_shown_octet_for_octet(string value)
    {
        var account = await shared.Known("apple-device");
        var order = await account.Order(("permanent-identifier", value));

        order.Status.Should().Be(HttpStatusCode.Created, order.Body);
        ((string?)order.Json["identifiers"]![0]!["value"]).Should().Be(value);
        var authorization = await account.Get((string)order.Json["authorizations"]![0]!);
        ((string?)authorization.Json["identifier"]!["value"]).Should().Be(value);
        authorization.Json["wildcard"].Should().BeNull();
        authorization.Json["challenges"]!.AsArray().Select(challenge => (string)challenge!["type"]!).Should().Equal("device-attest-01");
    }

    [Theory, Spec("device-attest §3")]
    [InlineData("")]
    [InlineData("/1.2.3")]
    [InlineData("a/")]
    [InlineData("a/1")]
    [InlineData("a/1.40")]
    [InlineData("a/3.1")]
    [InlineData("a/1.02.3")]
    [InlineData("a/01.2")]
    [InlineData("a/1.2.")]
    [InlineData("a/.1.2")]
    [InlineData("a/1..2")]
    [InlineData("a/1.2/3")]
    [InlineData("a/1.2 ")]
    [InlineData("a/1.-2")]
    [InlineData("a/1.2a")]
    [InlineData("a//1.2")]
    public async Task A_permanent_identifier_beside_the_grammar_is_malformed(string value)
    {
        var account = await shared.Known("apple-device");
        (await account.Order(("permanent-identifier", value))).ShouldBeProblem("malformed", 400);
    }

    [Theory, Spec("device-attest §4")]
    [InlineData("ABCD/1.2.3.4", true)]
    [InlineData("ABCD /2.23.133.1.2", true)]
    [InlineData("ABCD", false)]
    [InlineData("ABCD/", false)]
    [InlineData("/1.2.3.4", false)]
    [InlineData("ABCD/1.2.3.4/5", false)]
    public async Task A_hardware_module_needs_its_type(string value, bool good)
    {
        var account = await shared.Known(TestProfiles.Mixed);
        var order = await account.Order(("hardware-module", value));
        if (good)
        {
            ((string?)order.Json["identifiers"]![0]!["value"]).Should().Be(value);
        }
        else
        {
            order.ShouldBeProblem("malformed", 400);
        }
    }

    [Theory, Spec("device-attest §3"), Spec("device-attest §4")]
    [InlineData("permanent-identifier", "ABC\u0000")]
    [InlineData("permanent-identifier", "\u0000")]
    [InlineData("permanent-identifier", "A\u0000BC/1.2.3")]
    [InlineData("hardware-module", "A\u0000BC/1.2.3")]
    public async Task U_0000_is_rejectedIdentifier(string type, string value)
    {
        var account = await shared.Known(TestProfiles.Mixed);
        (await account.Order((type, value))).ShouldBeProblem("rejectedIdentifier", 400);
    }

    [Theory, Spec("device-attest §3")]
    [InlineData("\\ud800")]
    [InlineData("\\udc00")]
    [InlineData("A\\ud800B")]
    [InlineData("\\ud800\\ud800")]
    public async Task A_lone_surrogate_is_malformed(string escaped)
    {
        var account = await shared.Known("apple-device");
        var reply = await account.Post($"{account.Root}/new-order", $$"""{"identifiers":[{"type":"permanent-identifier","value":"{{escaped}}"}]}""");
        reply.ShouldBeProblem("malformed", 400);
        reply.Reason.Should().Be("json-lone-surrogate");
    }

    [Fact, Spec("device-attest §3")]
    public async Task Values_that_look_alike_are_different_identifiers()
    {
        var account = await shared.Known("apple-device");
        string[] values = ["ABC", "abc", " ABC", "ABC ", "\u00E9", "e\u0301", "\u00C5", "\u212B"];
        var order = await account.Order(values.Select(value => ("permanent-identifier", value)).ToArray());

        order.Json["identifiers"]!.AsArray().Select(identifier => (string)identifier!["value"]!).Should().Equal(values);
        order.Json["authorizations"]!.AsArray().Select(url => (string)url!).Should().HaveCount(values.Length).And.OnlyHaveUniqueItems();
    }

    [Fact, Spec("device-attest §3")]
    public async Task A_value_above_the_bound_is_rejectedIdentifier()
    {
        var account = await shared.Known("apple-device");
        (await account.Order(("permanent-identifier", new string('A', 255)))).Status.Should().Be(HttpStatusCode.Created);
        (await account.Order(("permanent-identifier", new string('A', 256)))).ShouldBeProblem("rejectedIdentifier", 400);
    }

    [Theory]
    [InlineData("a.example.org", true)]
    [InlineData("host7", true)]
    [InlineData("example.org", false)]
    [InlineData("evilexample.org", false)]
    [InlineData("host7.example.com", false)]
    [InlineData("xhost7", false)]
    public async Task A_profile_allows_dns_values_by_its_patterns(string value, bool allowed)
    {
        var account = await shared.Known(TestProfiles.Narrow);
        var order = await account.Order(("dns", value));
        if (allowed)
        {
            order.Status.Should().Be(HttpStatusCode.Created);
        }
        else
        {
            order.ShouldBeProblem("rejectedIdentifier", 400);
        }
    }

    [Theory]
    [InlineData("permanent-identifier", "C02SIM000001", true)]
    [InlineData("permanent-identifier", "C02SIM00000X", false)]
    [InlineData("permanent-identifier", "xC02SIM000001", false)]
    [InlineData("permanent-identifier", "C02SIM000001\n", false)]
    [InlineData("permanent-identifier", "c02sim000001", false)]
    [InlineData("hardware-module", "TPM-7/1.2.3", true)]
    [InlineData("hardware-module", "tpm-7/1.2.3", false)]
    [InlineData("hardware-module", "TPM-7/1.2.4", false)]
    public async Task A_profile_allows_device_values_by_its_patterns(string type, string value, bool allowed)
    {
        var account = await shared.Known(TestProfiles.Patterns);
        var order = await account.Order((type, value));
        if (allowed)
        {
            order.Status.Should().Be(HttpStatusCode.Created);
        }
        else
        {
            order.ShouldBeProblem("rejectedIdentifier", 400);
        }
    }

    [Fact]
    public async Task A_type_that_a_profile_does_not_list_is_unsupportedIdentifier()
    {
        var account = await shared.Known("apple-device");
        foreach (var (type, value) in new[] { ("dns", "host.example"), ("ip", "192.0.2.1"), ("hardware-module", "A/1.2.3") })
        {
            (await account.Order((type, value))).ShouldBeProblem("unsupportedIdentifier", 400);
            var payload = new JsonObject { ["identifier"] = new JsonObject { ["type"] = type, ["value"] = value } };
            (await account.Post($"{account.Root}/new-authz", payload.ToJsonString())).ShouldBeProblem("unsupportedIdentifier", 400);
        }
    }

    [Fact]
    public async Task A_wildcard_that_no_offered_challenge_can_prove_is_rejectedIdentifier()
    {
        var account = await shared.Known(TestProfiles.Mixed);
        (await account.Order(("dns", "*.host.example"))).ShouldBeProblem("rejectedIdentifier", 400);
    }
}
