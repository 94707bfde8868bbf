using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using RunningServer = DeviceAcme.EndToEnd.Processes.RunningServer;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary><c>deviceacme anchors</c> on a running server and without one, with folders, bundles and cabinets as vendors give them out.</summary>
public sealed class AnchorCommandTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    private static readonly string Simulator = Path.Combine(AppContext.BaseDirectory, "device-sim.dll");
    private static readonly X509Certificate2 First = Make("CN=First Vendor Root", null);
    private static readonly X509Certificate2 Issuer = Make("CN=First Vendor Intermediate", First);
    private static readonly X509Certificate2 Second = Make("CN=Second Vendor Root", null);

    [Fact]
    public async Task A_folder_is_imported_and_what_was_left_out_is_said()
    {
        var folder = Bundle("mixed");
        var dry = (await Anchors("import", folder, "--folder", "mixed", "--dry-run", "--json")).ShouldExit(0);
        Outcomes(dry).Should().BeEquivalentTo("taken 3", "duplicate 1", "left-out 3");
        (await Anchors("list", "--folder", "mixed")).ShouldExit(1).Error.Should().Contain("no folder 'mixed'", "a dry run changes nothing");

        var imported = (await Anchors("import", folder, "--folder", "mixed", "--source", "the vendors themselves")).ShouldExit(0);

        imported.Output.Should().Contain("3 taken (2 roots, 1 intermediate)").And.Contain("not a certificate by its name").And.Contain("not a certificate:");
        var listed = (await Anchors("list", "--folder", "mixed", "--json")).ShouldExit(0);
        var anchors = JsonSerializer.Deserialize(listed.Output, AdminJson.Default.AnchorListing)!.Anchors;
        anchors.Select(anchor => $"{anchor.Kind} {anchor.Subject} {anchor.Summary}").Should().BeEquivalentTo(
            "root CN=First Vendor Root limited to format tpm", "root CN=Second Vendor Root limited to format tpm", "intermediate CN=First Vendor Intermediate limited to format tpm");
        anchors.Should().OnlyContain(anchor => anchor.Provenance.StartsWith("the vendors themselves: ") && anchor.Origin == "import");
        Outcomes((await Anchors("import", folder, "--folder", "mixed", "--json")).ShouldExit(0)).Should().Contain("already-there 3");
    }

    [Fact]
    public async Task A_vendor_is_distrusted_while_the_server_runs_and_believed_again()
    {
        var root = (await Anchors("list", "--folder", "tpm", "--json")).ShouldExit(0);
        var fingerprint = JsonSerializer.Deserialize(root.Output, AdminJson.Default.AnchorListing)!.Anchors.First(anchor => anchor.Kind == "root").Fingerprint;
        (await Enroll("before")).ShouldExit(0);

        (await Anchors("distrust", fingerprint[..16], "--reason", "the key leaked")).ShouldExit(0).Output.Should().Contain("distrusted");
        var refused = await Enroll("after");
        refused.ExitCode.Should().Be(1);
        (refused.Output + refused.Error).Should().Contain("anchor-distrusted").And.Contain("the key leaked");
        (await Anchors("diff")).ShouldExit(0).Output.Should().Contain(fingerprint[..16]).And.Contain("the key leaked");
        (await Anchors("list", "--versions")).ShouldExit(0).Output.Should().Contain("local").And.Contain("in force");

        (await Anchors("distrust", fingerprint[..16], "--lift")).ShouldExit(0);
        (await Enroll("again")).ShouldExit(0);
        (await Anchors("distrust", fingerprint)).ShouldExit(2).Error.Should().Contain("--reason or --lift");
        (await Anchors("distrust", "00000000", "--reason", "x")).ShouldExit(1).Error.Should().Contain("no certificate of the set");
    }

    [Fact]
    public async Task An_export_can_be_imported_elsewhere()
    {
        (await Anchors("import", Bundle("export"), "--folder", "export")).ShouldExit(0);
        var directory = Path.Combine(Server.NewFolder("exports"), "out");

        (await Anchors("export", directory, "--folder", "export")).ShouldExit(0);

        Directory.EnumerateFiles(Path.Combine(directory, "export")).Select(Path.GetExtension).Should().BeEquivalentTo(".pem", ".pem", ".pem", ".yaml");
        (await Anchors("export", directory)).ShouldExit(1).Error.Should().Contain("not empty");
        (await Anchors("import", Path.Combine(directory, "export"), "--folder", "copy")).ShouldExit(0).Output.Should().Contain("3 taken");
        var copy = JsonSerializer.Deserialize((await Anchors("list", "--folder", "copy", "--json")).Output, AdminJson.Default.AnchorListing)!.Anchors;
        copy.Should().OnlyContain(anchor => anchor.Summary == "limited to format tpm", "terms travel with the certificates");
    }

    [Fact, Needs("gcab"), Needs("cabextract")]
    public async Task A_cabinet_with_a_folder_for_each_vendor_is_imported()
    {
        var cabinet = await Cabinet("TrustedTpm.cab");

        var imported = (await Anchors("import", cabinet, "--folder", "cabinet")).ShouldExit(0);

        imported.Output.Should().Contain("3 taken (2 roots, 1 intermediate)").And.Contain("left-out").And.Contain("setup.cmd");
        (await Anchors("list", "--folder", "cabinet")).Output.Should().Contain("TrustedTpm.cab: First/RootCA/root.cer");
    }

    [Fact, Needs("gcab")]
    public async Task Without_cabextract_there_is_a_hint()
    {
        var cabinet = await Cabinet("hint.cab");
        var run = (await Run(["import", cabinet, "--folder", "x", "--data", Server.Data], new Dictionary<string, string> { ["PATH"] = Server.NewFolder("empty") })).ShouldExit(1);

        run.Error.Should().Contain("cabextract is not installed").And.Contain("deviceacme: hint: install it (Debian: apt-get install cabextract)");
        var broken = Path.Combine(Server.NewFolder("broken"), "broken.cab");
        await File.WriteAllBytesAsync(broken, [.. "MSCF"u8, .. new byte[100]], TestContext.Current.CancellationToken);
        (await Anchors("import", broken, "--folder", "x")).ShouldExit(1).Error.Should().Contain("deviceacme: error:");
    }

    [Fact]
    public async Task Without_a_running_server_the_store_is_changed_and_the_next_start_has_it()
    {
        var data = Server.NewFolder("offline");
        var file = Path.Combine(Server.NewFolder("single"), "root.pem");
        await File.WriteAllTextAsync(file, First.ExportCertificatePem(), TestContext.Current.CancellationToken);

        (await Run(["import", file, "--folder", "offline", "--data", data])).ShouldExit(0).Output.Should().Contain("version 1: 1 taken (1 root)");
        (await Run(["distrust", file, "--reason", "on trial", "--data", data])).ShouldExit(0);
        (await Run(["list", "--data", data])).ShouldExit(0).Output.Should().Contain("CN=First Vendor Root").And.Contain("on trial");
        (await Run(["diff", "1", "2", "--data", data])).ShouldExit(0).Output.Should().Contain("distrusted");
        (await Run(["list", "--versions", "--data", data])).ShouldExit(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(3);
    }

    [Theory]
    [InlineData("import", "/nowhere", "--folder", "x")]
    [InlineData("import", "/dev/null", "--folder", "x")]
    [InlineData("import", ".", "--folder", "X Y")]
    public async Task What_cannot_be_imported_is_a_failure(params string[] arguments) =>
        (await Run([.. arguments, "--data", Server.Data], folder: Bundle("failure"))).ShouldExit(1).Error.Should().StartWith("deviceacme: ").And.Contain("error:");

    private static IEnumerable<string> Outcomes(ProgramResult run) =>
        JsonSerializer.Deserialize(run.Output, AdminJson.Default.AnchorImportReport)!.Items.GroupBy(item => item.Outcome).Select(group => $"{group.Key} {group.Count()}");

    /// <summary>Roots and an intermediate as PEM, DER and a bundle, one of them twice, with files that are none, and terms.</summary>
    private string Bundle(string name)
    {
        var folder = Path.Combine(Server.NewFolder("bundles"), name);
        if (Directory.Exists(folder))
        {
            return folder;
        }

        Directory.CreateDirectory(Path.Combine(folder, "deeper"));
        File.WriteAllText(Path.Combine(folder, "bundle.pem"), "# two\n" + First.ExportCertificatePem() + "\n" + Issuer.ExportCertificatePem() + "\n");
        File.WriteAllBytes(Path.Combine(folder, "deeper", "second.crt"), Second.RawData);
        File.WriteAllBytes(Path.Combine(folder, "deeper", "again.cer"), First.RawData);
        File.WriteAllText(Path.Combine(folder, "deeper", "rubbish.der"), "hello");
        File.WriteAllBytes(Path.Combine(folder, "half.cer"), First.RawData[..100]);
        File.WriteAllText(Path.Combine(folder, "setup.cmd"), "echo off");
        File.WriteAllText(Path.Combine(folder, "terms.yaml"), "folder:\n  formats: [tpm]\n");
        return folder;
    }

    private async Task<string> Cabinet(string name)
    {
        var folder = Server.NewFolder("cabinet-" + name);
        foreach (var (path, content) in new[] { ("First/RootCA/root.cer", First.RawData), ("First/IntermediateCA/int.crt", Issuer.RawData), ("Second/RootCA/root.der", Second.RawData), ("setup.cmd", "echo"u8.ToArray()) })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            await File.WriteAllBytesAsync(Path.Combine(folder, path), content, TestContext.Current.CancellationToken);
        }

        (await Programs.Run("gcab", ["-c", name, "First/RootCA/root.cer", "First/IntermediateCA/int.crt", "Second/RootCA/root.der", "setup.cmd"], folder: folder)).ShouldExit(0);
        return Path.Combine(folder, name);
    }

    private Task<ProgramResult> Anchors(params string[] arguments) => Run([.. arguments, "--data", Server.Data]);

    private static Task<ProgramResult> Run(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null) => Programs.Run(
        Path.Combine(AppContext.BaseDirectory, "deviceacme.dll"),
        ["anchors", .. arguments],
        new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["DEVICEACME_SERVER_PROGRAM"] = typeof(ServerOptions).Assembly.Location },
        folder);

    private Task<ProgramResult> Enroll(string name) => Programs.Run(Simulator,
    [
        "enroll", "--kind", "tpm", "--directory", $"{Server.Url}/acme/linux-tpm/directory", "--ca", Server.Root, "--vendors", Server.Vendors, "--out", Server.NewFolder(name),
    ]);

    private static X509Certificate2 Make(string name, X509Certificate2? issuer)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var beginning = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return issuer is null
            ? request.CreateSelfSigned(beginning, beginning.AddYears(20))
            : request.Create(issuer, beginning, beginning.AddYears(10), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }
}
