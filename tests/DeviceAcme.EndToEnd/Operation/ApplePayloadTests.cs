using System.Text.Json;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>What <c>deviceacme apple payload</c> writes, read by programs that others wrote, and followed by a simulated Mac.</summary>
[Needs("openssl")]
public sealed class ApplePayloadTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    private const string Serial = "C02PAYLOAD01";

    [Fact, Needs("python3")]
    public async Task A_Mac_that_does_what_the_payload_says_gets_its_certificate()
    {
        var (folder, file) = Place("payload");
        (await DeviceAcmeProgram.Run("apple", "payload", "--profile", "apple-device", "--data", Server.Data, "--serial", Serial, "--output", file)).ShouldExit(0);
        (await DeviceAcmeProgram.Run("apple", "lint", file, "--data", Server.Data, "--os", "macos=14")).ShouldExit(0)
            .Output.Should().Contain("against profile apple-device: 0 errors, 0 warnings");

        var payloads = (await PropertyList(file)).GetProperty("PayloadContent").EnumerateArray().ToDictionary(payload => payload.GetProperty("PayloadType").GetString()!);
        var acme = payloads["com.apple.security.acme"];
        var root = Path.Combine(folder, "root.der");
        await File.WriteAllBytesAsync(root, Convert.FromBase64String(payloads["com.apple.security.root"].GetProperty("PayloadContent").GetString()!), Cancellation);
        var trusted = Path.Combine(folder, "root.pem");
        (await IssuedCertificate.Openssl("x509", "-inform", "DER", "-in", root, "-out", trusted)).ShouldExit(0);

        (await Programs.Run(
            Path.Combine(AppContext.BaseDirectory, "device-sim.dll"),
            [
                "enroll", "--kind", "mac", "--ca", trusted, "--vendors", Server.Vendors, "--out", folder, "--serial", Serial,
                "--directory", acme.GetProperty("DirectoryURL").GetString()!, "--client-identifier", acme.GetProperty("ClientIdentifier").GetString()!,
                "--key", $"ec-p{acme.GetProperty("KeySize").GetInt32()}",
            ],
            folder: folder)).ShouldExit(0).Output.Should().Contain($"permanent-identifier:{Serial}");
        var certificate = await IssuedCertificate.Read(Path.Combine(folder, "certificate.pem"));
        (await certificate.VerifyAgainst(trusted)).Should().BeTrue("the root in the profile is the one that devices need");
        var subject = acme.GetProperty("Subject")[0][0];
        certificate.Text.Should().Contain($"Subject: {subject[0].GetString()} = {subject[1].GetString()}");
    }

    [Fact]
    public async Task openssl_verifies_a_signed_profile_and_finds_the_profile_in_it()
    {
        var (folder, file) = Place("signed");
        var (certificate, key, opened) = (Path.Combine(folder, "signer.pem"), Path.Combine(folder, "signer-key.pem"), Path.Combine(folder, "opened.mobileconfig"));
        (await IssuedCertificate.Openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=Signer", "-days", "2")).ShouldExit(0);

        (await DeviceAcmeProgram.Run(
            "apple", "payload", "--profile", "apple-device", "--data", Server.Data, "--serial", Serial, "--sign-cert", certificate, "--sign-key", key, "--output", file)).ShouldExit(0);

        (await IssuedCertificate.Openssl("cms", "-verify", "-inform", "DER", "-in", file, "-CAfile", certificate, "-purpose", "any", "-out", opened)).ShouldExit(0);
        (await File.ReadAllTextAsync(opened, Cancellation)).Should().Contain($"<string>{Serial}</string>");

        // and what openssl signs, lint opens
        (await IssuedCertificate.Openssl("smime", "-sign", "-nodetach", "-outform", "PEM", "-in", opened, "-binary", "-signer", certificate, "-inkey", key, "-out", file)).ShouldExit(0);
        (await DeviceAcmeProgram.Run("apple", "lint", file, "--data", Server.Data)).ShouldExit(0).Output.Should().Contain("signed-mobileconfig, signed by CN=Signer").And.Contain("0 errors");
    }

    private (string Folder, string File) Place(string name)
    {
        var folder = Server.NewFolder(name);
        return (folder, Path.Combine(folder, "identity.mobileconfig"));
    }

    // Python's reader of property lists, as JSON with data in base64
    private static async Task<JsonElement> PropertyList(string file)
    {
        const string Program = "import sys,json,plistlib,base64; json.dump(plistlib.load(open(sys.argv[1],'rb')), sys.stdout, default=lambda octets: base64.b64encode(octets).decode())";
        return JsonElement.Parse((await Programs.Run("python3", ["-c", Program, file])).ShouldExit(0).Output);
    }
}
