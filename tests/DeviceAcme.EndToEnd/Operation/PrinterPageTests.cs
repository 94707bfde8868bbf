using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>docs/profiles/printer.md: its commands enroll, with lego in the place of a printer.</summary>
public sealed partial class PrinterPageTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    [Fact, Needs("lego")]
    public async Task The_commands_of_the_page_enroll_a_printer()
    {
        var commands = Block().Matches(await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "docs", "profiles", "printer.md"), Cancellation))
            .Select(block => block.Groups["text"].Value.Replace("\\\n", " ", StringComparison.Ordinal).Trim()).ToList();
        commands.Should().HaveCount(2);
        commands[0].Should().StartWith("$ deviceacme ");
        commands[1].Should().Contain(" lego ");

        var made = (await DeviceAcmeProgram.Run([.. commands[0]["$ deviceacme ".Length..].Split(' '), "--data", Server.Data])).ShouldExit(0).Output;
        var folder = Server.NewFolder("printer");
        var lego = commands[1]["$ ".Length..]
            .Replace("https://SERVER", Server.Url, StringComparison.Ordinal)
            .Replace("data/ca/root.pem", Server.Root, StringComparison.Ordinal)
            .Replace("KEYID", KeyId().Match(made).Groups["value"].Value, StringComparison.Ordinal)
            .Replace("MACKEY", MacKey().Match(made).Groups["value"].Value, StringComparison.Ordinal)
            .Replace("--http ", $"--http --http.port :{Server.Http01Port} --path {folder} ", StringComparison.Ordinal);
        (await Programs.Run("bash", ["-c", lego], folder: folder)).ShouldExit(0);

        using var certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(folder, "certificates", "printer7.example.com.crt"), Cancellation));
        certificate.Subject.Should().Be("CN=printer7.example.com");
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Select(oid => oid.Value)
            .Should().BeEquivalentTo("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    }

    [GeneratedRegex("^```console\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?im)^key id\s+(?<value>\S+)$")]
    private static partial Regex KeyId();

    [GeneratedRegex(@"(?im)^(mac key|hmac key)\s+(?<value>\S+)$")]
    private static partial Regex MacKey();
}
