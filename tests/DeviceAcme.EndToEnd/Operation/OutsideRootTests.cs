using System.Security.Cryptography;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>An organisation's own PKI, here openssl, signs the issuing CA of a running server.</summary>
[Needs("openssl"), Needs("curl")]
public sealed class OutsideRootTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    private readonly string _folder = server.NewFolder("pki");

    private string OutsideRoot => Path.Combine(_folder, "outside.pem");

    [Fact, Spec("RFC 5280 §6.1")]
    public async Task A_running_server_issues_under_an_imported_certificate_and_what_was_issued_before_stays_valid()
    {
        File.Copy(Server.Root, Path.Combine(_folder, "first-root.pem"));
        using var enrollee = await Enrollee.Register(Server, "apple-device");
        var before = await Enroll(enrollee, "C02BEFORE001");
        (await before.VerifyAgainst(Server.Root)).Should().BeTrue();

        await Sign(await Request());
        (await DeviceAcmeProgram.Run("ca", "import", Path.Combine(_folder, "import.pem"), "--data", Server.Data)).ShouldExit(0)
            .Error.Should().Contain("deviceacme: hint: the outside CA chose another subject key identifier");

        var after = await Enroll(enrollee, "C02AFTER0001");
        (await after.VerifyAgainst(OutsideRoot)).Should().BeTrue("the outside root alone is trusted: {0}", after.Text);
        (await after.VerifyAgainst(Path.Combine(_folder, "first-root.pem"))).Should().BeFalse();
        (await before.VerifyAgainst(Path.Combine(_folder, "first-root.pem"))).Should().BeTrue("the change takes nothing back");
        after.CrlUrl.Should().Be(before.CrlUrl, "the URL carries the key's id, and the key is the same");
        (await IssuedCertificate.Openssl("storeutl", "-noout", "-certs", Server.Root)).ShouldExit(0).Output.Should().Contain("Total found: 2", "both roots are to be trusted now");

        (await after.VerifyWithCrl(OutsideRoot)).ShouldExit(0);
        await enrollee.Client.Revoke(await Der(after), cancellation: Cancellation);
        (await after.VerifyWithCrl(OutsideRoot)).Error.Should().Contain("certificate revoked");
        await enrollee.Client.Revoke(await Der(before), cancellation: Cancellation);
        (await before.SerialsOnCrl()).Should().Contain([before.Serial, after.Serial], "one CRL for one key");
    }

    [Fact]
    public async Task A_certificate_for_another_key_is_refused_and_changes_nothing()
    {
        var chain = await File.ReadAllTextAsync(Path.Combine(Server.Data, "ca", "default", "chain.pem"), Cancellation);
        await Sign(await OtherRequest());

        var refused = await DeviceAcmeProgram.Run("ca", "import", Path.Combine(_folder, "import.pem"), "--data", Server.Data);

        refused.ShouldExit(1).Error.Should().Contain("deviceacme: error: none of the 2 certificates is for the key of issuer 'default'").And.Contain("deviceacme: hint:").And.NotContain("   at ");
        (await File.ReadAllTextAsync(Path.Combine(Server.Data, "ca", "default", "chain.pem"), Cancellation)).Should().Be(chain);
    }

    private async Task<string> Request()
    {
        var request = Path.Combine(_folder, "issuing.csr");
        await File.WriteAllTextAsync(request, (await DeviceAcmeProgram.Run("ca", "csr", "--data", Server.Data)).ShouldExit(0).Output, Cancellation);
        (await IssuedCertificate.Openssl("req", "-in", request, "-noout", "-verify")).ShouldExit(0);
        return request;
    }

    private async Task<string> OtherRequest()
    {
        var request = Path.Combine(_folder, "other.csr");
        (await IssuedCertificate.Openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Another CA", "-keyout", request + ".key", "-out", request)).ShouldExit(0);
        return request;
    }

    /// <summary>The outside root signs as a subordinate CA, with a key identifier of its own choice (RFC 5280 §4.2.1.2); <c>import.pem</c> is what it hands back.</summary>
    private async Task Sign(string request)
    {
        var (key, signed, extensions) = (Path.Combine(_folder, "outside.key"), Path.Combine(_folder, "issuing.pem"), Path.Combine(_folder, "extensions"));
        await File.WriteAllTextAsync(extensions, """
            basicConstraints=critical,CA:TRUE,pathlen:0
            keyUsage=critical,keyCertSign,cRLSign
            subjectKeyIdentifier=0102030405060708
            authorityKeyIdentifier=keyid

            """, Cancellation);
        (await IssuedCertificate.Openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj", "/O=Example/CN=Outside Root", "-days", "3650",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", key, "-out", OutsideRoot)).ShouldExit(0);
        (await IssuedCertificate.Openssl("x509", "-req", "-in", request, "-CA", OutsideRoot, "-CAkey", key, "-days", "1825", "-extfile", extensions, "-out", signed)).ShouldExit(0);
        await File.WriteAllTextAsync(Path.Combine(_folder, "import.pem"), await File.ReadAllTextAsync(OutsideRoot, Cancellation) + await File.ReadAllTextAsync(signed, Cancellation), Cancellation);
    }

    private async Task<IssuedCertificate> Enroll(Enrollee enrollee, string serial)
    {
        var file = Path.Combine(_folder, serial + ".pem");
        await File.WriteAllTextAsync(file, (await enrollee.EnrollMac(serial, Cancellation)).Chain.Pem, Cancellation);
        return await IssuedCertificate.Read(file);
    }

    private static async Task<byte[]> Der(IssuedCertificate certificate)
    {
        var pem = await File.ReadAllTextAsync(certificate.File, Cancellation);
        return Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);
    }
}
