using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Network;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tests.Network;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Anchors;

/// <summary>What a new version means for devices, without a restart, and for evidence that was judged before.</summary>
public sealed class AnchorsInForceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_distrusted_vendor_is_refused_at_once_and_what_was_judged_before_can_be_judged_again()
    {
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        var versions = server.Services.GetRequiredService<AnchorVersions>();
        var account = new TestAccount(server, "apple-device");
        await account.Register();
        var before = await Enroll(account);
        before.State.Should().Be("valid", before.Body);
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Simulated.Vendors.Apple.Root.Certificate));

        await server.Services.GetRequiredService<AnchorAdministration>().Distrust(new AnchorDistrustRequest { Fingerprint = fingerprint, Reason = "the key leaked" }, AdminCaller.Command, Cancellation);

        var after = await Enroll(account);
        after.State.Should().Be("invalid");
        after.Body.Should().Contain("anchor-distrusted").And.Contain("the key leaked");

        await using var context = server.Db.Read();
        var evidence = await context.Evidence.OrderBy(row => row.At).ThenByDescending(row => row.Accepted).ToListAsync(Cancellation);
        evidence.Select(row => row.AnchorSetHash).Should().OnlyHaveUniqueItems().And.HaveCount(2);
        var accepted = evidence.Single(row => row.Accepted);
        var found = (await versions.FindSet(accepted.AnchorSetHash!, Cancellation))!.Value;
        found.Version.Number.Should().Be(1);
        found.Folders.Should().Equal("apple");
        var refused = (await versions.FindSet(evidence.Single(row => !row.Accepted).AnchorSetHash!, Cancellation))!.Value;
        refused.Version.Number.Should().Be(2);
        Judge(accepted.Statement!, found.Set).Checks.Single(check => check.Name == "chain").Outcome.Should().Be(CheckOutcome.Passed);
        Judge(accepted.Statement!, refused.Set).Reason.Should().Be(Reasons.AnchorDistrusted);

        await using var restarted = await server.Restart();
        (await restarted.Services.GetRequiredService<AnchorVersions>().FindSet(accepted.AnchorSetHash!, Cancellation))!.Value.Set.Hash.Should().Be(accepted.AnchorSetHash);
    }

    [Fact]
    public async Task An_imported_vendor_is_accepted_at_once()
    {
        await using var server = await TestServer.Start();
        var account = new TestAccount(server, "apple-device");
        await account.Register();
        (await Enroll(account)).Body.Should().Contain("chain-untrusted-root");

        await server.Services.GetRequiredService<AnchorAdministration>().Import(
            new AnchorImportRequest { Folder = "apple", Source = "a test", Files = [new AnchorFile { Name = "root.der", Content = Simulated.Vendors.Apple.Root.Certificate }] }, AdminCaller.Command, Cancellation);

        (await Enroll(account)).State.Should().Be("valid");
    }

    [Fact]
    public async Task A_profile_may_name_a_folder_that_only_the_store_has()
    {
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        await server.Services.GetRequiredService<AnchorAdministration>().Import(
            new AnchorImportRequest { Folder = "imported", Source = "a test", Files = [new AnchorFile { Name = "root.der", Content = Simulated.Vendors.Apple.Root.Certificate }] }, AdminCaller.Command, Cancellation);
        var text = await File.ReadAllTextAsync(server.ProfileFile("apple-device"), Cancellation);
        await File.WriteAllTextAsync(server.ProfileFile("apple-device"), text.Replace("anchors: [apple]", "anchors: [imported]", StringComparison.Ordinal), Cancellation);

        await using var restarted = await server.Restart();
        restarted.Services.GetRequiredService<Server.Hosting.Installation>().Mistakes.Should().BeEmpty();
        var account = new TestAccount(restarted, "apple-device");
        await account.Register();
        (await Enroll(account)).State.Should().Be("valid");
    }

    [Fact, Spec("RFC 5280 §4.2.2.1")]
    public async Task A_device_that_leaves_out_its_intermediate_is_accepted_where_an_anchor_names_the_host()
    {
        await using var scene = new Scene();
        scene.Dns.WithAddress("ca.example", "127.0.0.1");
        await using var host = TestPeer.Http(path => path == "/sub.cer" ? TestPeer.Ok(Encoding.Latin1.GetString(Simulated.Vendors.Apple.SubCa.Certificate)) : "HTTP/1.1 404 Gone\r\n\r\n");
        var root = PemEncoding.WriteString("CERTIFICATE", Simulated.Vendors.Apple.Root.Certificate);
        var maker = Simulated.Apple.With(AppleFault.MissingIntermediate) with { IssuerUrl = "http://ca.example/sub.cer" };

        foreach (var (terms, state) in new[] { ("folder: {}", "invalid"), ("folder: { issuer-hosts: [ca.example] }", "valid") })
        {
            await using var server = await TestServer.Start(
                anchors: new Dictionary<string, string> { ["apple/root.pem"] = root, ["apple/terms.yaml"] = terms },
                services: services => services.AddSingleton(_ => NetworkValidation.Downloads(scene.Options(), scene.Timing, host.Port)));
            var account = new TestAccount(server, "apple-device");
            await account.Register();

            (await Enroll(account, maker)).State.Should().Be(state);
            (await Enroll(account, maker)).State.Should().Be(state);

            host.Accepted.Should().Be(state == "valid" ? 1 : 0, "it is fetched once, and only where that was said");
            server.Services.GetRequiredService<AnchorVersions>().Current.Number.Should().Be(state == "valid" ? 2 : 1);
        }
    }

    [Fact, Needs("shared")]
    public async Task All_vendors_certificates_that_we_know_are_taken()
    {
        await using var server = await TestServer.Start();
        var files = Directory.EnumerateFiles(RepositoryFiles.Shared("vendor-roots"), "*.pem", SearchOption.AllDirectories)
            .Select(file => new AnchorFile { Name = Path.GetFileName(file), Content = File.ReadAllBytes(file) }).ToList();

        var report = await server.Services.GetRequiredService<AnchorAdministration>().Import(new AnchorImportRequest { Folder = "everything", Source = "vendor-roots", Files = files }, AdminCaller.Command, Cancellation);

        report.Items.Should().HaveCount(262).And.OnlyContain(item => item.Outcome == "taken");
        report.Items.Count(item => item.Kind == "root").Should().Be(63);
        report.Items.Count(item => item.Kind == "intermediate").Should().Be(199);
        report.Items.Where(item => item.Note is not null).Should().HaveCount(3).And.OnlyContain(item => item.Note!.StartsWith("ended at"));
    }

    private static Verdict Judge(byte[] statement, AnchorSet anchors) => AttestationVerifier.Verify(
        new Evidence { AttestationObject = statement, Formats = ["apple"], Anchors = anchors, Now = Simulated.Now, Profile = "apple-device" });

    private static async Task<TestReply> Enroll(TestAccount account, AppleMaker? maker = null)
    {
        var order = await Simulated.Order(account, Simulated.Serial);
        return await order.Send((maker ?? Simulated.Apple).Make(order.Material, Simulated.NewKey()));
    }
}
