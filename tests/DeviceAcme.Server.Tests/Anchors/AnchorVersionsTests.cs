using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Anchors;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Xunit;

namespace DeviceAcme.Server.Tests.Anchors;

/// <summary>Versions of the anchor set: what makes one, what stays, what comes back.</summary>
public sealed class AnchorVersionsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("anchor-versions-").FullName;
    private readonly ManualClock _clock = new(Now);
    private AcmeDb _db = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _db = AcmeDb.Open(Path.Combine(_folder, "acme.db"));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _db.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task The_first_start_makes_the_first_version_and_the_next_one_none()
    {
        Write("vendor/a.pem", Pem("A"));

        var first = await Start();
        first.Current.Number.Should().Be(1);
        first.Current.Actor.Should().Be("start");
        first.Current.Of(["vendor"]).Anchors.Should().ContainSingle().Which.Provenance.Should().Be("a.pem");
        first.ChangedAtStart.Should().BeEmpty("everything is new at a first start");
        var again = await Start();
        again.Current.Number.Should().Be(1);
        again.Current.Of(["vendor"]).Hash.Should().Be(first.Current.Of(["vendor"]).Hash).And.Be(Files().Anchors(["vendor"]).Hash, "the store judges as the files do");
    }

    [Fact]
    public async Task Files_that_come_go_or_have_other_terms_make_a_version_that_says_so()
    {
        var first = Pem("A");
        Write("vendor/a.pem", first);
        var before = await Start();
        File.Delete(Path.Combine(_folder, "trust", "vendor", "a.pem"));
        Write("vendor/b.pem", Pem("B"));
        Write("vendor/terms.yaml", "folder: { formats: [tpm] }");

        var after = await Start();

        after.Current.Number.Should().Be(2);
        after.Current.Action.Should().Be("the trust folders changed: 1 added, 1 removed, 1 folders with other terms");
        after.ChangedAtStart.Select(change => change.Kind).Should().BeEquivalentTo([AnchorChangeKind.Added, AnchorChangeKind.Removed, AnchorChangeKind.FolderTerms]);
        after.Current.Of(["vendor"]).Anchors.Should().ContainSingle().Which.Subject.Should().Be("CN=B");
        var earlier = (await after.Find(1, Cancellation))!;
        earlier.Of(["vendor"]).Hash.Should().Be(before.Current.Of(["vendor"]).Hash);
        (await after.Find(3, Cancellation)).Should().BeNull();

        // back again, and loudly so
        Write("vendor/a.pem", first);
        Write("vendor/c.pem", Pem("C"));
        var back = await Start();
        back.Current.Number.Should().Be(3);
        back.ChangedAtStart.Should().HaveCount(2).And.OnlyContain(change => change.Kind == AnchorChangeKind.Added);
        back.Current.Action.Should().Be("the trust folders changed: 2 added, 1 of them back from an earlier version");
    }

    [Fact]
    public async Task What_was_imported_stays_when_the_files_change_and_obeys_the_folders_terms()
    {
        Write("vendor/a.pem", Pem("A"));
        Write("vendor/terms.yaml", "folder: { formats: [tpm] }");
        var versions = await Start();
        var report = await Import(versions, "vendor", ("b.pem", Pem("B")));

        report.NewVersion.Should().BeTrue();
        report.Items.Should().ContainSingle().Which.Should().Match<ImportedAnchorItem>(item => item.Outcome == "taken" && item.Kind == "root" && item.Subject == "CN=B");
        versions.Current.Number.Should().Be(2);
        File.Delete(Path.Combine(_folder, "trust", "vendor", "a.pem"));
        var anchor = (await Start()).Current.Of(["vendor"]).Anchors.Should().ContainSingle().Subject;
        anchor.Subject.Should().Be("CN=B");
        anchor.Provenance.Should().Be("test: b.pem");
        anchor.Terms.Formats.Should().Equal("tpm");
    }

    [Fact]
    public async Task What_was_distrusted_does_not_come_back_by_files_or_by_an_import()
    {
        var pem = Pem("A");
        Write("vendor/a.pem", pem);
        var versions = await Start();
        var fingerprint = versions.Current.Certificates.Anchors[0].Fingerprint;
        var administration = new AnchorAdministration(versions, _clock);

        var changes = await administration.Distrust(new AnchorDistrustRequest { Fingerprint = fingerprint[..12], Reason = "the key leaked" }, AdminCaller.Command, Cancellation);
        changes.Changes.Should().ContainSingle().Which.Should().Match<AnchorChangeItem>(change => change.Change == "distrusted" && change.Subject == "CN=A");
        versions.Current.Of(["vendor"]).Anchors.Should().OnlyContain(anchor => anchor.Terms.Distrusted!.Reason == "the key leaked");
        versions.Current.Of(["other"]).Anchors.Should().ContainSingle("a distrusted key must be known to be refused").Which.Terms.Distrusted.Should().NotBeNull();

        (await Start()).Current.Of(["vendor"]).Anchors.Should().OnlyContain(anchor => anchor.Terms.Distrusted != null);
        File.Delete(Path.Combine(_folder, "trust", "vendor", "a.pem"));
        var gone = await Start();
        var report = await Import(gone, "vendor", ("a.pem", pem));
        report.NewVersion.Should().BeFalse();
        report.Items.Should().ContainSingle().Which.Should().Match<ImportedAnchorItem>(item => item.Outcome == "left-out" && item.Note!.Contains("the key leaked"));
        Write("vendor/a.pem", pem);
        (await Start()).Current.Of(["vendor"]).Anchors.Should().OnlyContain(anchor => anchor.Terms.Distrusted != null);
    }

    [Fact]
    public async Task Distrust_is_lifted_only_in_words()
    {
        Write("vendor/a.pem", Pem("A"));
        var versions = await Start();
        var before = versions.Current.Of(["vendor"]).Hash;
        var fingerprint = versions.Current.Certificates.Anchors[0].Fingerprint;
        var administration = new AnchorAdministration(versions, _clock);
        await administration.Distrust(new AnchorDistrustRequest { Fingerprint = fingerprint, Reason = "by mistake" }, AdminCaller.Command, Cancellation);
        versions.Current.Of(["vendor"]).Hash.Should().NotBe(before);

        await administration.Distrust(new AnchorDistrustRequest { Fingerprint = fingerprint, Lift = true }, AdminCaller.Command, Cancellation);

        versions.Current.Of(["vendor"]).Hash.Should().Be(before);
        var twice = () => administration.Distrust(new AnchorDistrustRequest { Fingerprint = fingerprint, Lift = true }, AdminCaller.Command, Cancellation);
        (await twice.Should().ThrowAsync<ProblemException>()).Which.Problem.Reason.Should().Be("anchor-not-distrusted");
        versions.Current.Number.Should().Be(3);
    }

    [Fact]
    public async Task A_certificate_that_is_in_no_folder_can_be_distrusted()
    {
        var versions = await Start();

        var bytes = System.Text.Encoding.ASCII.GetBytes(Pem("stranger"));
        await new AnchorAdministration(versions, _clock).Distrust(new AnchorDistrustRequest { Certificate = bytes, Reason = "leaked" }, AdminCaller.Command, Cancellation);

        var listing = await new AnchorAdministration(await Start(), _clock).List(null, null, Cancellation);
        listing.Distrusted.Should().ContainSingle().Which.Subject.Should().Be("CN=stranger");
    }

    [Fact]
    public async Task Nothing_new_is_no_version_and_duplicates_and_rubbish_are_named()
    {
        var a = Pem("A");
        var versions = await Start();
        var report = await Import(versions, "vendor", ("a.pem", a), ("again.pem", a), ("bundle.pem", a + Pem("B")), ("rubbish.der", "hello"));

        report.Items.Select(item => $"{item.File} {item.Outcome} {item.Subject}").Should().BeEquivalentTo(
            "a.pem taken CN=A", "again.pem duplicate CN=A", "bundle.pem duplicate CN=A", "bundle.pem taken CN=B", "rubbish.der left-out ");
        var second = await Import(versions, "vendor", ("a.pem", a));
        second.NewVersion.Should().BeFalse();
        second.Items.Should().ContainSingle().Which.Outcome.Should().Be("already-there");
        versions.Current.Number.Should().Be(2);
    }

    [Fact]
    public async Task A_dry_run_changes_nothing()
    {
        var versions = await Start();

        var report = await new AnchorAdministration(versions, _clock).Import(Request("vendor", ("a.pem", Pem("A"))) with { DryRun = true }, AdminCaller.Command, Cancellation);

        report.Items.Should().ContainSingle().Which.Outcome.Should().Be("taken");
        report.NewVersion.Should().BeFalse();
        versions.Current.Number.Should().Be(1);
    }

    [Fact]
    public async Task An_expired_root_is_taken_with_a_note()
    {
        var versions = await Start();
        _clock.Advance(TimeSpan.FromDays(3660));

        var report = await Import(versions, "vendor", ("a.pem", Pem("A")));

        report.Items.Should().ContainSingle().Which.Should().Match<ImportedAnchorItem>(item => item.Outcome == "taken" && item.Note!.StartsWith("ended at 2031"));
    }

    [Fact]
    public async Task Terms_come_with_an_import_and_their_mistakes_are_told()
    {
        var versions = await Start();
        var administration = new AnchorAdministration(versions, _clock);

        await administration.Import(Request("vendor", ("a.pem", Pem("A"))) with { Terms = "folder: { expired: ignore, hardware-type: 1.2.3 }" }, AdminCaller.Command, Cancellation);

        var terms = versions.Current.Of(["vendor"]).Anchors.Single().Terms;
        terms.Expired.Should().Be(ExpiredCertificates.Ignore);
        terms.HardwareType.Should().Be("1.2.3");
        var wrong = () => administration.Import(Request("vendor", ("b.pem", Pem("B"))) with { Terms = "folder: { expird: ignore }" }, AdminCaller.Command, Cancellation);
        (await wrong.Should().ThrowAsync<ProblemException>()).Which.Problem.Detail.Should().Contain("did you mean 'expired'?");
    }

    [Fact]
    public async Task An_exported_version_is_a_trust_directory_that_judges_alike()
    {
        Write("vendor/a.pem", Pem("A"));
        Write("vendor/terms.yaml", "folder: { formats: [tpm], issuer-hosts: [ca.example] }");
        var versions = await Start();
        var administration = new AnchorAdministration(versions, _clock);
        await administration.Import(
            Request("vendor", ("b.pem", Pem("B"))) with { Terms = "folder: { facts: { assurance.level: virtual, tpm.virtual: true, n: 7 }, profiles: [x], expired: ignore }", Source = "a \"quoted\" \\ source" }, AdminCaller.Command, Cancellation);
        await Import(versions, "other", ("c.pem", Pem("C")));
        await administration.Distrust(new AnchorDistrustRequest { Fingerprint = versions.Current.Of(["other"]).Anchors[0].Fingerprint, Reason = "it: leaked" }, AdminCaller.Command, Cancellation);

        foreach (var file in (await administration.Export(null, null, Cancellation)).Files)
        {
            var path = Path.Combine(_folder, "export", file.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, file.Content, Cancellation);
        }

        var mistakes = new Mistakes();
        var read = TrustFolders.Load([Path.Combine(_folder, "export")], mistakes);
        mistakes.Errors.Should().BeEmpty();
        read.Anchors(["vendor"]).Hash.Should().Be(versions.Current.Of(["vendor"]).Hash);
        read.Anchors(["other"]).Hash.Should().Be(versions.Current.Of(["other"]).Hash);
        read.Anchors(["vendor"]).Anchors.Should().Contain(anchor => anchor.Provenance == "a \"quoted\" \\ source: b.pem");
    }

    [Fact]
    public async Task Two_changes_at_once_are_two_versions()
    {
        var versions = await Start();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Import(versions, $"vendor-{i}", ($"{i}.pem", Pem($"R{i}")))));

        versions.Current.Number.Should().Be(9);
        versions.Current.Catalog.Entries.Should().HaveCount(8);
        (await versions.All(Cancellation)).Select(version => version.Number).Should().Equal(Enumerable.Range(1, 9));
    }

    [Fact]
    public async Task A_set_that_was_recorded_is_found_by_its_hash_after_a_restart()
    {
        Write("vendor/a.pem", Pem("A"));
        var versions = await Start();
        var used = versions.Current;
        await _db.Commit(context => versions.Record(context, used, ["vendor"]), Cancellation);
        await _db.Commit(context => versions.Record(context, used, ["vendor"]), Cancellation);
        await Import(versions, "vendor", ("b.pem", Pem("B")));

        var found = await (await Start()).FindSet(used.Of(["vendor"]).Hash, Cancellation);

        found!.Value.Set.Hash.Should().Be(used.Of(["vendor"]).Hash);
        found.Value.Version.Number.Should().Be(1);
        (await versions.FindSet(new string('0', 64), Cancellation)).Should().BeNull();
    }

    [Fact]
    public async Task Versions_cannot_be_rewritten()
    {
        Write("vendor/a.pem", Pem("A"));
        await Start();
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "acme.db")};Pooling=False");
        connection.Open();
        foreach (var statement in new[] { "UPDATE anchor_versions SET action = 'x'", "DELETE FROM anchor_versions", "UPDATE anchor_certificates SET certificate = x'00'", "DELETE FROM anchor_certificates" })
        {
            using var command = connection.CreateCommand();
            command.CommandText = statement;
            var change = () => command.ExecuteNonQuery();
            change.Should().Throw<SqliteException>().WithMessage("*append-only*");
        }
    }

    private async Task<AnchorVersions> Start() => await AnchorVersions.Open(_db, Files(), _clock);

    private TrustFolders Files()
    {
        var mistakes = new Mistakes();
        Directory.CreateDirectory(Path.Combine(_folder, "trust"));
        var trust = TrustFolders.Load([Path.Combine(_folder, "trust")], mistakes);
        mistakes.Errors.Should().BeEmpty();
        return trust;
    }

    private Task<AnchorImportReport> Import(AnchorVersions versions, string folder, params (string Name, string Text)[] files) =>
        new AnchorAdministration(versions, _clock).Import(Request(folder, files), AdminCaller.Command, Cancellation);

    private static AnchorImportRequest Request(string folder, params (string Name, string Text)[] files) => new()
    {
        Folder = folder,
        Source = "test",
        Files = [.. files.Select(file => new AnchorFile { Name = file.Name, Content = System.Text.Encoding.ASCII.GetBytes(file.Text) })],
    };

    private void Write(string path, string text)
    {
        var full = Path.Combine(_folder, "trust", path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private static string Pem(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(5)).ExportCertificatePem() + "\n";
    }
}
