using System.Text;
using System.Text.Json;
using DeviceAcme.Cli.Apple.Plist;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme apple lint</c>: what it compares with, what it prints, and its exit code.</summary>
public sealed class AppleLintCommandTests : IDisposable
{
    private readonly TestCertificate _signer = new("Example Signer");

    public void Dispose() => _signer.Dispose();

    [Fact]
    public async Task A_right_profile_is_0_and_is_compared_with_the_profile_that_its_URL_names()
    {
        var report = await Json(0, Write(PlistWriter.Write(Samples.Right().File.Root)));

        report.GetProperty("kind").GetString().Should().Be("mobileconfig");
        report.GetProperty("profile").GetString().Should().Be("apple-device");
        report.GetProperty("errors").GetInt32().Should().Be(0);
        report.TryGetProperty("signer", out _).Should().BeFalse();
    }

    [Fact]
    public async Task A_wrong_one_is_1_with_code_path_expectation_and_severity()
    {
        var report = await Json(1, Write(PlistWriter.Write(Samples.Right().With("KeyType", "RSA").With("KeySize", 2048).File.Root)));

        var finding = report.GetProperty("findings").EnumerateArray().Single(item => item.GetProperty("code").GetString() == "hardware-bound-rsa");
        finding.GetProperty("path").GetString().Should().Be("PayloadContent[0].KeyType");
        finding.GetProperty("severity").GetString().Should().Be("error");
        finding.GetProperty("expected").GetString().Should().StartWith("ECSECPrimeRandom");
        finding.GetProperty("found").GetString().Should().Be("RSA");
    }

    [Fact]
    public async Task A_signed_profile_is_opened_and_its_signer_named()
    {
        var file = await SignedFile();

        var report = await Json(0, file);

        report.GetProperty("kind").GetString().Should().Be("signed-mobileconfig");
        report.GetProperty("signer").GetString().Should().Be("CN=Example Signer");
    }

    [Fact]
    public async Task A_changed_signed_profile_is_still_read_and_its_signature_is_an_error()
    {
        var octets = await File.ReadAllBytesAsync(await SignedFile(), TestContext.Current.CancellationToken);
        var at = octets.AsSpan().IndexOf("C02XK1PZJGH5"u8);
        octets[at]++;

        var report = await Json(1, Write(octets));

        report.GetProperty("findings").EnumerateArray().Select(item => item.GetProperty("code").GetString()).Should().Contain("signature-invalid");
    }

    [Fact]
    public async Task A_declarative_document_is_checked_by_the_same_rules()
    {
        var report = await Json(1, Write(PlistJson.Write(Samples.Declarative().With("Attest", false).File.Root)));

        report.GetProperty("kind").GetString().Should().Be("declarative");
        report.GetProperty("findings").EnumerateArray().Single().GetProperty("code").GetString().Should().Be("attest-missing");
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_a_finding_with_its_line()
    {
        var report = await Json(1, Write(Encoding.UTF8.GetBytes("<?xml version=\"1.0\"?>\n<plist>\n<dict>")));

        var finding = report.GetProperty("findings").EnumerateArray().Single();
        finding.GetProperty("code").GetString().Should().Be("plist-malformed");
        finding.GetProperty("line").GetInt32().Should().Be(3);
    }

    [Fact]
    public async Task People_read_a_summary_and_then_each_finding()
    {
        var answer = await Terminal.TypeWithServer("apple", "lint", Write(PlistWriter.Write(Samples.Right().With("Attest", false).File.Root)), "--os", "macos=14");

        answer.ShouldExit(1).Output.Should().MatchRegex(@"payload\.txt: mobileconfig, against profile apple-device: 1 error, 0 warnings")
            .And.MatchRegex(@"(?m)^error    attest-missing  PayloadContent\[0\]\.Attest$").And.Contain("expected true");
        answer.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Without_profiles_only_Apples_rules_are_asked_and_it_says_so()
    {
        // the test's folder has no profiles beside the program, and no data directory is named
        var file = Write(PlistWriter.Write(Samples.Right().With("DirectoryURL", "https://other.example/directory").File.Root));

        var answer = await Terminal.TypeWithServer("apple", "lint", file, "--json");

        answer.Error.Should().Contain("compared with no profile");
        JsonElement.Parse(answer.Output).TryGetProperty("profile", out _).Should().BeFalse();
    }

    [Theory]
    [InlineData("cannot be read", "no-such-file")]
    [InlineData("--os: expected a system", "FILE", "--os", "windows=11")]
    [InlineData("--os: expected a version", "FILE", "--os", "macos=new")]
    [InlineData("no profile is named", "FILE", "--profile", "none")]
    [InlineData("--mdm: 'none' is not known", "FILE", "--mdm", "none")]
    public async Task What_was_asked_wrongly_is_said(string reason, string file, params string[] arguments)
    {
        var name = file == "FILE" ? Write(PlistWriter.Write(Samples.Right().File.Root)) : file;

        var answer = (await Terminal.TypeWithServer(["apple", "lint", name, .. arguments])).ShouldExit(2);

        answer.Output.Should().BeEmpty();
        answer.Error.Should().Contain(reason);
    }

    private async Task<JsonElement> Json(int code, string file) =>
        JsonElement.Parse((await Terminal.TypeWithServer("apple", "lint", file, "--json")).ShouldExit(code).Output);

    private string Write(byte[] octets)
    {
        var file = _signer.Beside("payload.txt");
        File.WriteAllBytes(file, octets);
        return file;
    }

    private async Task<string> SignedFile()
    {
        var file = _signer.Beside("signed.mobileconfig");
        (await Terminal.TypeWithServer(
            "apple", "payload", "--profile", "apple-device", "--serial", "C02XK1PZJGH5", "--sign-cert", _signer.CertificateFile, "--sign-key", _signer.KeyFile, "-o", file)).ShouldExit(0);
        return file;
    }
}
