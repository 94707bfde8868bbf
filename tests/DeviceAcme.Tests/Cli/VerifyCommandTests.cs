using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Tests.Attestation;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme verify</c> with the simulator's evidence: forms of input, bindings, output and exit codes.</summary>
public sealed class VerifyCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-verify-command");
    private readonly MadeEvidence _apple = Trial.Apple.Make();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task All_bindings_given_and_right_is_accepted()
    {
        var ran = await Run(File("attestation.cbor", _apple.AttestationObject), "--token", ChallengeMaterial.Sample.Token, "--identifier", _apple.Identifier);

        ran.Code.Should().Be(0, ran.ToString());
        ran.Verdict.Should().Be("accepted");
        ran.Reason.Should().BeNull();
        ran.Class.Should().BeNull();
        ((string)ran.Facts["device.serial"]!).Should().Be(_apple.Identifier);
        ((string)ran.Check("freshness")["outcome"]!).Should().Be("passed");
        ((string)ran.Json["format"]!).Should().Be("apple");
    }

    [Theory]
    [InlineData(new[] { "--token" }, "identifier")]
    [InlineData(new[] { "--identifier" }, "freshness")]
    public async Task A_binding_that_was_not_given_leaves_it_incomplete(string[] given, string missing)
    {
        var ran = await Run([File("attestation.cbor", _apple.AttestationObject), .. given.SelectMany(Binding)]);

        ran.Code.Should().Be(3, ran.ToString());
        ran.Verdict.Should().Be("incomplete");
        ((string)ran.Check(missing)["outcome"]!).Should().Be("not reached");
    }

    [Theory]
    [InlineData("--token", "another", "freshness-mismatch", "nonce-mismatch")]
    [InlineData("--identifier", "another", "identifier-mismatch", "identifier-mismatch")]
    [InlineData("--format", "tpm", "format-not-allowed", "unsupported-format")]
    [InlineData("--challenge-hash", "00ff", "freshness-mismatch", "nonce-mismatch")]
    [InlineData("--at", "2050-01-01", "chain-expired", "chain-expired")]
    public async Task What_differs_is_refused_with_reason_and_class(string option, string value, string reason, string classOf)
    {
        var ran = await Run(File("attestation.cbor", _apple.AttestationObject), option, value);

        ran.Code.Should().Be(1, ran.ToString());
        (ran.Reason, ran.Class).Should().Be((reason, classOf));
    }

    [Fact]
    public async Task The_key_is_compared_with_that_of_a_CSR_a_certificate_or_a_public_key()
    {
        var file = File("attestation.cbor", _apple.AttestationObject);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=device", (ECDsa)_apple.Key, HashAlgorithmName.SHA384).CreateSigningRequest();

        ((string)(await Run(file, "--public-key", File("spki.der", _apple.PublicKey))).Check("public-key")["outcome"]!).Should().Be("passed");
        ((string)(await Run(file, "--public-key", File("leaf.der", _apple.Chain[0]))).Check("public-key")["outcome"]!).Should().Be("passed");
        ((string)(await Run(file, File("request.der", request))).Check("public-key")["outcome"]!).Should().Be("passed");
        (await Run(file, "--public-key", File("other.der", other.ExportSubjectPublicKeyInfo()))).Reason.Should().Be("key-mismatch");
    }

    [Fact]
    public async Task An_attestation_object_comes_in_many_forms()
    {
        string[] forms =
        [
            File("plain.txt", Encoding.ASCII.GetBytes(Base64Url.EncodeToString(_apple.AttestationObject) + "\n")),
            File("standard.txt", Encoding.ASCII.GetBytes(Convert.ToBase64String(_apple.AttestationObject, Base64FormattingOptions.InsertLineBreaks))),
            File("response.json", Encoding.UTF8.GetBytes(_apple.Payload.ToJsonString())),
            File("request.json", Encoding.UTF8.GetBytes(new JsonObject
            {
                ["protected"] = "e30", ["payload"] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(_apple.Payload.ToJsonString())), ["signature"] = "AA",
            }.ToJsonString())),
            "object=" + File("noname", _apple.AttestationObject),
        ];

        foreach (var form in forms)
        {
            (await Run([form, .. Binding("--token"), .. Binding("--identifier")])).Code.Should().Be(0, form);
        }
    }

    [Fact]
    public async Task A_bare_Apple_chain_says_all_that_its_object_says()
    {
        var pem = File("chain.pem", Encoding.ASCII.GetBytes(string.Join('\n', _apple.Chain.Select(der => PemEncoding.WriteString("CERTIFICATE", der)))));
        string[] separate = [File("intermediate.cer", _apple.Chain[1]), File("leaf.cer", _apple.Chain[0])];

        (await Run([pem, .. Binding("--token"), .. Binding("--identifier")])).Verdict.Should().Be("accepted");
        (await Run([.. separate, .. Binding("--token"), .. Binding("--identifier")])).Verdict.Should().Be("accepted", "the leaf is found whatever the order");
    }

    [Fact]
    public async Task Parts_of_a_TPM_statement_are_put_together()
    {
        var made = Trial.Tpm.Make();
        var statement = DeviceAcme.Attestation.Cbor.AttestationStatement.Read(made.AttestationObject);
        string[] parts =
        [
            File("a", statement.Octets("certInfo").ToArray()), File("signature", statement.Octets("sig").ToArray()), File("p", statement.Octets("pubArea").ToArray()),
            File("ak.pem", Encoding.ASCII.GetBytes(string.Join('\n', made.Chain.Select(der => PemEncoding.WriteString("CERTIFICATE", der))))),
        ];

        var accepted = await Run([.. parts, "--key-authorization", ChallengeMaterial.Sample.KeyAuthorization, "--identifier", made.Identifier]);
        var refused = await Run([.. parts, "--key-authorization", "another.thumbprint", "--identifier", made.Identifier]);
        var withoutCertificate = await Run([.. parts[..3], "--key-authorization", ChallengeMaterial.Sample.KeyAuthorization]);

        accepted.Verdict.Should().Be("accepted", accepted.ToString());
        ((string)accepted.Json["kind"]!).Should().Be("TPM parts");
        refused.Reason.Should().Be("freshness-mismatch");
        withoutCertificate.Verdict.Should().Be("incomplete", withoutCertificate.ToString());
        ((string)withoutCertificate.Check("chain")["outcome"]!).Should().Be("not reached");
    }

    [Fact]
    public async Task Several_pieces_of_evidence_have_a_verdict_each()
    {
        var ran = await Run(File("apple.cbor", _apple.AttestationObject), File("tpm.cbor", Trial.Tpm.Make().AttestationObject), File("broken.cbor", [0xA1]));

        ran.Code.Should().Be(1, "one of them is refused");
        JsonNode.Parse(ran.Output)!.AsArray().Select(answer => (string)answer!["verdict"]!).Should().Equal("incomplete", "incomplete", "refused");
    }

    [Fact]
    public async Task People_get_a_table_and_hints()
    {
        var ran = await Verify.Run([File("attestation.cbor", _apple.AttestationObject), "--anchors", Anchors(), "--at", At, "--identifier", "another"]);

        ran.Code.Should().Be(1);
        ran.Output.Should().Contain("refused (identifier-mismatch)").And.Contain("device.serial").And.Contain("passed").And.Contain("not reached");
        (await Verify.Run([File("attestation.cbor", _apple.AttestationObject), "--anchors", Anchors(), "--at", At])).Error
            .Should().Contain("--token").And.Contain("--identifier");
    }

    [Fact]
    public async Task Wrong_use_is_told_with_a_hint_and_exit_code_2()
    {
        var known = File("attestation.cbor", _apple.AttestationObject);
        (string[] Arguments, string Said)[] all =
        [
            ([File("letter", "Dear device,"u8.ToArray())], "not recognized"),
            ([Path.Combine(_folder.FullName, "nowhere")], "nowhere"),
            ([known, "--at", "soon"], "--at"),
            ([known, "--challenge-hash", "xyz"], "--challenge-hash"),
            ([known, "--format", "pear"], "pear"),
            ([known, File("leaf.der", _apple.Chain[0])], "whole attestation object"),
            ([known, "--require", "courage"], "courage"),
            ([known, "--public-key", known], "--public-key"),
            ([File("large.cbor", new byte[1024 * 1024 + 1])], "at most"),
            ([File("client.json", """{"type":"webauthn.create","challenge":"AA","origin":"https://x"}"""u8.ToArray())], "client data"),
        ];

        foreach (var (arguments, said) in all)
        {
            var ran = await Run(arguments);
            ran.Code.Should().Be(2, ran.ToString());
            ran.Output.Should().BeEmpty();
            ran.Error.Should().StartWith("deviceacme: error: ").And.Contain(said);
        }
    }

    [Fact]
    public async Task A_profile_decides_what_is_open_without_one()
    {
        var unlocked = Trial.Android.With(AndroidFault.Unlocked).Make();
        var file = File("android.cbor", unlocked.AttestationObject);
        string[] bindings = ["--key-authorization", ChallengeMaterial.Sample.KeyAuthorization, "--identifier", unlocked.Identifier];
        var profile = Path.Combine(DeviceAcme.Testing.RepositoryFiles.Root, "profiles", "android-device.yaml");

        (await Run([file, .. bindings])).Verdict.Should().Be("incomplete", "nobody said whether an unlocked bootloader is accepted");
        (await Run([file, .. bindings, "--require", "verified-boot"])).Reason.Should().Be("android-boot-state");
        (await Run([file, .. bindings, "--profile", profile])).Reason.Should().Be("android-status-list-missing", "the shipped profile wants the list");
        (await Run([File("apple.cbor", _apple.AttestationObject), .. bindings, "--profile", profile])).Reason.Should().Be("format-not-allowed");
    }

    private const string At = "2026-11-21T12:00:00Z";

    private IEnumerable<string> Binding(string option) => [option, option == "--token" ? ChallengeMaterial.Sample.Token : _apple.Identifier];

    private async Task<Ran> Run(params IEnumerable<string> arguments)
    {
        var list = arguments.ToList();
        return await Verify.RunJson([.. list, "--anchors", Anchors(), .. list.Contains("--at") ? [] : new[] { "--at", At }]);
    }

    private string File(string name, byte[] content)
    {
        var path = Path.Combine(_folder.FullName, name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    private string Anchors()
    {
        var folder = Path.Combine(_folder.FullName, "anchors");
        foreach (var (format, file, certificate) in Trial.Vendors.Anchors)
        {
            Directory.CreateDirectory(Path.Combine(folder, format));
            System.IO.File.WriteAllText(Path.Combine(folder, format, file), PemEncoding.WriteString("CERTIFICATE", certificate));
        }

        return folder;
    }
}
