using System.Net;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Tpm;

/// <summary>One endorsement key with two certificates is two devices by name and one by nature.</summary>
public sealed class SharedEndorsementKeyTests
{
    private const string Profile = """
        name: tpm-once
        identifiers:
          permanent-identifier:
            challenges: [device-attest-01]
            proves: tpm.permanent-identifier
        attestation:
          mode: required
          formats: [tpm]
          anchors: [tpm, tpm-ek]
          ek: { vendors: ['id:53494D30'] }
        anomalies: { shared-ek: refuse }
        certificate:
          subject: CN=a machine
          keys: [ec-p256, rsa-2048]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    [Fact]
    public async Task It_is_refused_where_the_profile_says_so_and_leaves_no_certificate()
    {
        await using var server = await TestServer.Start(new Dictionary<string, string> { ["tpm-once"] = Profile }, anchors: Simulated.Anchors);
        await server.Certify(TpmServer.Tpm("twin").Make(), "tpm-once");
        await server.Certify(TpmServer.Tpm("twin").Make(), "tpm-once");
        var other = TpmServer.Tpm("twin").As(EkVariant.MultiValuedRdn).Make();

        var challenge = await server.Post("/tpm/tpm-once/attest", TpmServer.Attest(other));
        var reply = await server.Post("/tpm/tpm-once/secret", TpmServer.Secret(other.Activate(challenge)!));

        reply.Status.Should().Be(HttpStatusCode.BadRequest);
        reply.Json.ToJsonString().Should().Contain("shared-ek");
        await using var context = server.Db.Read();
        context.AttestationKeys.Count().Should().Be(2);
        context.Devices.Count().Should().Be(1);
        context.Evidence.Where(row => !row.Accepted).Select(row => row.Reason).Should().Equal("shared-ek");
        context.Events.Where(row => row.Kind == "anomaly.shared-ek").Should().ContainSingle();
    }

    [Fact]
    public async Task It_is_reported_by_default()
    {
        await using var server = await TpmServer.Start();
        await server.Certify(TpmServer.Tpm("twin").Make());
        var other = TpmServer.Tpm("twin").As(EkVariant.MultiValuedRdn).Make();
        var challenge = await server.Post($"/tpm/{TpmServer.Lab}/attest", TpmServer.Attest(other));
        var reply = await server.Post($"/tpm/{TpmServer.Lab}/secret", TpmServer.Secret(other.Activate(challenge)!));
        reply.Status.Should().Be(HttpStatusCode.OK, reply.Json.ToJsonString());

        await using var context = server.Db.Read();
        context.AttestationKeys.Count().Should().Be(2);
        context.Events.Where(row => row.Kind == "anomaly.shared-ek").Should().ContainSingle();
    }
}
