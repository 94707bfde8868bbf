using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.EndToEnd.Operation;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd;

/// <summary>A real software TPM, the certificate of its endorsement key from swtpm's local CA, and the server as a process.</summary>
[Needs("swtpm")]
public sealed class TpmAttestationCaTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    private static readonly string Simulator = Path.Combine(AppContext.BaseDirectory, "device-sim.dll");

    [Theory, InlineData("rsa", "rsa-2048"), InlineData("ec", "ec-p256"), Spec("TPM 2.0 part 1 §24")]
    public async Task From_the_endorsement_certificate_to_a_certificate_for_a_key_in_the_TPM(string ek, string key)
    {
        var (state, output) = (await Tpm($"enrolled-{ek}"), Server.NewFolder($"out-{ek}"));

        var enrolled = (await Programs.Run(
            Simulator,
            [
                "enroll", "--kind", "tpm", "--tpm", "swtpm", "--tpm-state", state, "--ek", ek, "--key", key, "--attestation-ca", $"{Server.Url}/tpm/virtual-tpm",
                "--ca", Server.Root, "--vendors", Server.Vendors, "--out", output, "--json",
            ])).ShouldExit(0);

        var identifier = JsonElement.Parse(enrolled.Output).GetProperty("identifiers")[0].GetProperty("value").GetString();
        identifier.Should().Be($"{Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(state, $"ek-{ek}.der"), Cancellation)))}/2.23.133.12.1");
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(output, "certificate.pem"));
        var area = (await File.ReadAllBytesAsync(Path.Combine(output, "key.tpm-public"), Cancellation))[2..];
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(TpmTemplates.SubjectPublicKeyInfo(area), "the TPM holds the private half");
    }

    [Theory, InlineData("rsa"), InlineData("ec")]
    public async Task The_Smallstep_protocol_in_literal_JSON_also_when_the_server_is_killed_between_its_requests(string ek)
    {
        var state = await Tpm($"smallstep-{ek}");
        await using var process = await SwtpmProcess.Start(state, Cancellation);
        var device = await SwtpmDevice.Open(process.Stream, Cancellation, ek == "ec" ? EndorsementKeyKind.P384 : EndorsementKeyKind.Rsa2048);
        var made = await device.MakeAttestationKey(ek == "rsa", Cancellation);
        using var endorsement = X509CertificateLoader.LoadCertificate(device.EkCertificate);

        var challenge = await Post("attest", $$"""
            {"tpmInfo":{"version":2,"manufacturer":"4116","model":"swtpm","firmwareVersion":"8217.4131"},
             "ek":"{{Base64(endorsement.PublicKey.ExportSubjectPublicKeyInfo())}}","ekCerts":["{{Base64(device.EkCertificate)}}"],
             "params":{"public":"{{Base64(made.Key.PublicArea)}}","createData":"{{Base64(made.CreationData)}}",
                       "createAttestation":"{{Base64(made.CreationAttestation)}}","createSignature":"{{Base64(made.CreationSignature)}}" } }
            """);
        var secret = await device.Activate(made.Key, Octets(challenge["credential"]), Octets(challenge["secret"]), Cancellation);
        await Server.Kill();
        await Server.Start();
        var reply = await Post("secret", $$"""{"secret":"{{Base64(secret)}}"}""");

        var chain = reply["chain"]!.AsArray().Select(certificate => X509CertificateLoader.LoadCertificate(Octets(certificate))).ToList();
        chain.Should().HaveCount(2);
        chain[0].PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(made.Key.PublicKey);
        chain[0].IssuerName.RawData.Should().Equal(chain[1].SubjectName.RawData);
    }

    /// <summary>Makes a software TPM and imports the CA of its endorsement keys.</summary>
    private async Task<string> Tpm(string name)
    {
        var state = Server.NewFolder(name);
        (await Programs.Run(Simulator, ["tpm", "--tpm-state", state])).ShouldExit(0);
        (await DeviceAcmeProgram.Run("anchors", "import", "--folder", "tpm-virtual", Path.Combine(state, "vendor"), "--data", Server.Data)).ShouldExit(0);
        return state;
    }

    private async Task<JsonNode> Post(string resource, string body)
    {
        using var client = Server.Client();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var reply = await client.PostAsync($"{Server.Url}/tpm/virtual-tpm/{resource}", content, Cancellation);
        var text = await reply.Content.ReadAsStringAsync(Cancellation);
        reply.StatusCode.Should().Be(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private static string Base64(byte[] octets) => Convert.ToBase64String(octets);

    private static byte[] Octets(JsonNode? text) => Convert.FromBase64String((string)text!);
}
