using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;
using DeviceAcme.EndToEnd.Crashes;
using DeviceAcme.EndToEnd.Processes;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary><c>deviceacme backup | restore | check</c>, beside a server that goes on and on what is left of one.</summary>
public sealed class BackupTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    private readonly string _folder = server.NewFolder($"backup-{Path.GetRandomFileName()}");

    private string Archive => Path.Combine(_folder, "backup.tar.gz");

    private string Restored => Path.Combine(_folder, "restored");

    [Fact]
    public async Task A_backup_of_a_server_that_goes_on_is_restored_whole_and_serves_again()
    {
        using var enrollee = await Enrollee.Register(Server, "apple-device");
        var (before, chain) = await enrollee.EnrollMac("C02BACKUP001", Cancellation);
        using var stopped = new CancellationTokenSource();
        var writing = Enroll(enrollee, stopped.Token);

        var backup = (await DeviceAcmeProgram.Run("backup", Archive, "--data", Server.Data)).ShouldExit(0);
        await stopped.CancelAsync();
        var meanwhile = await writing;

        backup.Output.Trim().Should().Be(Archive);
        backup.Error.Should().Contain("deviceacme: hint: whoever can read it can sign certificates");
        Directory.GetFiles(_folder).Should().Equal(Archive);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Archive).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        Entries().Should().StartWith("about.json").And.EndWith("files.json").And.Contain("data/ca/default/key.pem").And.NotContain(["data/admin.token", "data/server.lock"]);

        var restore = (await DeviceAcmeProgram.Run("restore", Archive, "--data", Restored)).ShouldExit(0);
        restore.Error.Should().Contain("certificates issued since are unknown here");
        (await DeviceAcmeProgram.Run("check", "--data", Restored)).ShouldExit(0).Output.Should().Contain("ok     audit").And.Contain("ok     issuers       default, linux-tpm, root").And.NotContain("wrong");
        StoredOrders.Certificates(Restored, before.Url).Should().Be(1);
        StoredOrders.HighestCrlNumber(Restored).Should().BeGreaterThan(StoredOrders.HighestCrlNumber(Server.Data), "RFC 5280 §5.2.3: numbers only grow, and CRLs may have been published since the backup");
        meanwhile.Should().BeGreaterThan(0, "enrollments went on beside the backup");

        // the restored directory in the place of the old one, under the same names
        await Server.Kill();
        (await DeviceAcmeProgram.Run("restore", Archive, "--data", Server.Data)).ShouldExit(1).Error.Should().Contain("is not empty").And.Contain("--replace");
        (await DeviceAcmeProgram.Run("restore", Archive, "--data", Server.Data, "--replace")).ShouldExit(0).Error.Should().Contain(Server.Data + ".before-restore-");
        await Server.Start();
        using var again = enrollee.Again(Server);
        (await again.Client.DownloadChain(before.Value.Certificate!, Cancellation)).Certificates[0].Should().Equal(chain.Certificates[0]);
        await again.EnrollMac("C02BACKUP002", Cancellation);
        (await DeviceAcmeProgram.Run("audit", "list", "--kind", "store.restored", "--data", Server.Data)).ShouldExit(0).Output.Should().Contain("what happened after that is not in this store");
    }

    [Fact]
    public async Task A_backup_goes_through_a_pipe_and_leaves_keys_out_where_it_is_asked_to()
    {
        var piped = await Programs.Run("sh", ["-c", $"{Shell("backup - --without-keys")} > {Archive} && {Shell("restore -", Restored)} < {Archive}"]);

        piped.ShouldExit(0).Error.Should().Contain("the CA's keys and the secrets are not in it").And.Contain("bring key.pem back");
        Entries().Should().Contain("data/ca/default/certificate.pem").And.NotContain(name => name.EndsWith("key.pem", StringComparison.Ordinal));
        Directory.GetFiles(Server.Data, "*.partial*").Should().BeEmpty();
        (await DeviceAcmeProgram.Run("check", "--quick", "--data", Restored)).ShouldExit(1).Output.Should().Contain("wrong  issuers");
    }

    [Fact]
    public async Task What_is_no_whole_backup_is_refused_and_leaves_nothing_behind()
    {
        (await DeviceAcmeProgram.Run("backup", Archive, "--data", Server.Data)).ShouldExit(0);
        (await DeviceAcmeProgram.Run("backup", Archive, "--data", Server.Data)).ShouldExit(1).Error.Should().Contain("is there already");

        var cut = Path.Combine(_folder, "cut.tar.gz");
        var bytes = await File.ReadAllBytesAsync(Archive, Cancellation);
        await File.WriteAllBytesAsync(cut, bytes[..(bytes.Length / 2)], Cancellation);
        await Refused(cut, "cut off");

        var text = Path.Combine(_folder, "text.tar.gz");
        await File.WriteAllTextAsync(text, "no archive", Cancellation);
        await Refused(text, "is no backup of DeviceAcme");

        await Refused(Rewritten("newer.tar.gz", "about.json", about => about["schema"] = 9999), "knows up to");
        await Refused(Rewritten("changed.tar.gz", "files.json", files => files.AsArray()[0]!["sha256"] = new string('0', 64)), "is not what was written");
        await Refused(Rewritten("missing.tar.gz", "files.json", files => files.AsArray().RemoveAt(1)), "which is not on its list");
        await Refused(Rewritten("outside.tar.gz", null, null), "which no backup of DeviceAcme has");
        Directory.GetDirectories(_folder).Should().BeEmpty();
    }

    [Fact]
    public async Task A_damaged_database_is_named_by_check_and_is_not_backed_up()
    {
        (await DeviceAcmeProgram.Run("backup", Archive, "--data", Server.Data)).ShouldExit(0);
        (await DeviceAcmeProgram.Run("restore", Archive, "--data", Restored)).ShouldExit(0);
        var database = Path.Combine(Restored, "acme.db");
        await using (var connection = new SqliteConnection($"Data Source={database};Pooling=False"))
        {
            await connection.OpenAsync(Cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = "DROP TRIGGER events_no_update; UPDATE events SET detail = 'nothing' WHERE sequence = 1; PRAGMA wal_checkpoint(TRUNCATE)";
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        (await DeviceAcmeProgram.Run("check", "--data", Restored)).ShouldExit(1).Output.Should().Contain("wrong  audit").And.Contain("audit-row-changed: row 1");

        await using (var file = new FileStream(database, FileMode.Open, FileAccess.Write))
        {
            // pages in the middle: trees and not the header
            file.Position = file.Length / 2 / 4096 * 4096;
            await file.WriteAsync(new byte[8 * 4096], Cancellation);
        }

        (await DeviceAcmeProgram.Run("check", "--data", Restored, "--json")).ShouldExit(1).Output.Should().Contain("\"name\": \"database\"");
        var refused = (await DeviceAcmeProgram.Run("backup", Path.Combine(_folder, "damaged.tar.gz"), "--data", Restored)).ShouldExit(1);
        refused.Error.Should().Contain("deviceacme: error: the database").And.Contain("deviceacme: hint:").And.NotContain("   at ");
        File.Exists(Path.Combine(_folder, "damaged.tar.gz")).Should().BeFalse();
    }

    private async Task Refused(string archive, string why)
    {
        var run = (await DeviceAcmeProgram.Run("restore", archive, "--data", Restored)).ShouldExit(1);
        run.Error.Should().Contain("deviceacme: error:").And.Contain(why).And.NotContain("   at ");
        Directory.Exists(Restored).Should().BeFalse();
    }

    private async Task<int> Enroll(Enrollee enrollee, CancellationToken stopped)
    {
        var count = 0;
        for (; !stopped.IsCancellationRequested; count++)
        {
            await enrollee.EnrollMac($"C02MEANWH{count:000}", Cancellation);
        }

        return count;
    }

    private List<string> Entries()
    {
        using var archive = new TarReader(new GZipStream(File.OpenRead(Archive), CompressionMode.Decompress));
        var names = new List<string>();
        while (archive.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    /// <summary>The archive with one of its two lists changed, or with an entry that leads out of the data directory.</summary>
    private string Rewritten(string name, string? changed, Action<JsonNode>? change)
    {
        var path = Path.Combine(_folder, name);
        using var source = new TarReader(new GZipStream(File.OpenRead(Archive), CompressionMode.Decompress));
        using var target = new TarWriter(new GZipStream(File.Create(path), CompressionMode.Compress), TarEntryFormat.Pax);
        while (source.GetNextEntry(copyData: true) is { } entry)
        {
            var written = entry;
            if (entry.Name == changed)
            {
                var json = JsonNode.Parse(entry.DataStream!)!;
                change!(json);
                written = new PaxTarEntry(TarEntryType.RegularFile, changed) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString())) };
            }

            target.WriteEntry(written);
            if (changed is null && entry.Name == "about.json")
            {
                target.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "data/../outside") { DataStream = new MemoryStream([1]) });
            }
        }

        return path;
    }

    private string Shell(string command, string? data = null) => $"{DeviceAcmeProgram.Shown} {command} --data {data ?? Server.Data}";
}
