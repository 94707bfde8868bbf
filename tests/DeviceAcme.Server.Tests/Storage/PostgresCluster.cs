using System.Diagnostics;
using System.Globalization;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using Npgsql;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>
/// A PostgreSQL of this test run: made in a temporary folder, on a loopback port, without syncs, gone with the process. Debian's package has the
/// programs; root runs them as the package's user, because PostgreSQL refuses root.
/// </summary>
/// <remarks>Its texts sort by a language, so that a column that was forgotten shows: the store compares bytes.</remarks>
internal sealed class PostgresCluster
{
    private const string Template = "template_deviceacme";

    private static readonly Lazy<Task<PostgresCluster>> Started = new(Start);
    private static int _made;

    private readonly int _port;

    /// <summary>Kept: its input must stay open.</summary>
    private readonly Process _shell;

    private PostgresCluster(int port, Process shell)
    {
        _port = port;
        _shell = shell;
    }

    /// <summary>A connection string of a new database with the newest schema.</summary>
    public static async Task<string> NewDatabase()
    {
        var cluster = await Started.Value;
        var name = await cluster.Make($"TEMPLATE {Template}");
        return cluster.To(name);
    }

    /// <summary>A connection string of a new database without anything.</summary>
    public static async Task<string> NewEmptyDatabase()
    {
        var cluster = await Started.Value;
        return cluster.To(await cluster.Make("TEMPLATE template0"));
    }

    public static async Task Drop(string connectionString)
    {
        NpgsqlConnection.ClearPool(new NpgsqlConnection(connectionString));
        await (await Started.Value).Execute($"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");
    }

    private async Task<string> Make(string how)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref _made)}");
        await Execute($"CREATE DATABASE {name} {how}");
        return name;
    }

    private string To(string database) =>
        $"Host=127.0.0.1;Port={_port.ToString(CultureInfo.InvariantCulture)};Username=postgres;Database={database};Maximum Pool Size=16;Connection Idle Lifetime=5;Connection Pruning Interval=2";

    private async Task Execute(string sql)
    {
        await using var connection = new NpgsqlConnection(To("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<PostgresCluster> Start()
    {
        var programs = Programs();
        var folder = Directory.CreateTempSubdirectory("deviceacme-postgres-").FullName;
        string[] user = Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        if (user.Length > 0)
        {
            await Run("chown", "postgres", folder);
        }

        var data = Path.Combine(folder, "data");
        await Run([.. user, Path.Combine(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en", "--no-sync"]);
        var port = FreePorts.Take(1)[0];
        var server = string.Create(CultureInfo.InvariantCulture, $"{Path.Combine(programs, "postgres")} -D {data} -p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB -c autovacuum=off");

        // the shell waits for the end of its input, which is the end of this process however it comes, and then takes the server and its folder away
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"{string.Join(' ', user)} {server} > {folder}/log 2>&1 & server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf {folder}");
        var cluster = new PostgresCluster(port, Process.Start(start)!);
        await cluster.WaitUntilReady(Path.Combine(folder, "log"));
        await cluster.Execute($"CREATE DATABASE {Template}");
        await using (var database = new PostgresDatabase(cluster.To(Template)))
        {
            database.Prepare(_ => { });
        }

        return cluster;
    }

    private async Task WaitUntilReady(string log)
    {
        for (var since = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                await Execute("SELECT 1");
                return;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
            catch (NpgsqlException failure)
            {
                throw new InvalidOperationException($"PostgreSQL did not start{(_shell.HasExited ? "" : " yet")}: {(File.Exists(log) ? await File.ReadAllTextAsync(log) : "no log")}", failure);
            }
        }
    }

    private static string Programs() =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(folder => File.Exists(Path.Combine(folder, "initdb")))
                .OrderBy(folder => folder.Length).ThenBy(folder => folder, StringComparer.Ordinal).LastOrDefault() ?? throw Missing()
            : throw Missing();

    private static InvalidOperationException Missing() => new("this test needs PostgreSQL in /usr/lib/postgresql: Debian's package postgresql");

    private static async Task Run(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await said;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', command)}: {error}");
        }
    }
}
