using System.Diagnostics;
using System.Globalization;
using DeviceAcme.Testing;
using Npgsql;

namespace DeviceAcme.Bench.Processes;

/// <summary>
/// A PostgreSQL of this run, on a loopback port and with the syncs of a real one, that can be stopped and started again. Debian's package has the programs; root runs
/// them as the package's user, because PostgreSQL refuses root.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Database = "deviceacme";
    private const string Installed = "/usr/lib/postgresql";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly string _programs;
    private readonly string _folder;
    private readonly int _port;
    private readonly string[] _user = Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
    private readonly TimeProvider _time;
    private Process? _shell;

    private PostgresServer(string programs, string folder, TimeProvider time) => (_programs, _folder, _time, _port) = (programs, folder, time, FreePorts.Take(1)[0]);

    /// <summary>As Npgsql takes it.</summary>
    public string ConnectionString => To(Database);

    private string Data => Path.Combine(_folder, "data");

    public static async Task<PostgresServer> Start(TimeProvider time, CancellationToken cancellation)
    {
        var programs = Directory.Exists(Installed)
            ? Directory.EnumerateDirectories(Installed).Select(version => Path.Combine(version, "bin")).Where(folder => File.Exists(Path.Combine(folder, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
            : null;

        // a folder of its own: its user may not enter that of the run
        var server = new PostgresServer(
            programs ?? throw new BenchFailure($"there is no PostgreSQL in {Installed}", "Debian's package postgresql has it"), Directory.CreateTempSubdirectory("deviceacme-bench-postgres-").FullName, time);
        try
        {
            if (server._user.Length > 0)
            {
                await Run(["chown", "postgres", server._folder], cancellation);
            }

            await Run([.. server._user, Path.Combine(programs, "initdb"), "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], cancellation);
            await server.Start(cancellation);
            await server.Execute("postgres", $"CREATE DATABASE {Database}", cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it on the data that is there, and waits until it answers.</summary>
    public async Task Start(CancellationToken cancellation)
    {
        var server = string.Create(
            CultureInfo.InvariantCulture, $"{Path.Combine(_programs, "postgres")} -D {Data} -p {_port} -k {_folder} -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=64MB");
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, WorkingDirectory = "/" };
        start.ArgumentList.Add("-c");

        // the shell waits for the end of its input, which is also the end of this process however it comes
        start.ArgumentList.Add($"{string.Join(' ', _user)} {server} >> {_folder}/log 2>&1 & server=$!; cat > /dev/null; kill -INT $server 2>/dev/null; wait $server");
        _shell = Process.Start(start) ?? throw new BenchFailure("/bin/sh does not start");
        for (var begun = _time.GetTimestamp(); ;)
        {
            try
            {
                await Execute("postgres", "SELECT 1", cancellation);
                return;
            }
            catch (NpgsqlException) when (_time.GetElapsedTime(begun) < Patience)
            {
                await Task.Delay(Look, _time, cancellation);
            }
            catch (NpgsqlException failure)
            {
                throw new BenchFailure($"PostgreSQL does not answer: {failure.Message}", $"its log is {_folder}/log");
            }
        }
    }

    /// <summary>Stops it as its service does for a restart: sessions are ended, and what is committed is safe.</summary>
    public async Task Stop()
    {
        if (_shell is { } shell)
        {
            _shell = null;
            shell.StandardInput.Close();
            await shell.WaitForExitAsync(CancellationToken.None);
            shell.Dispose();
        }
    }

    /// <summary>Ends it at once and without any order, as a power cut does; it recovers at the next start.</summary>
    public async Task Crash(CancellationToken cancellation)
    {
        await Run([.. _user, Path.Combine(_programs, "pg_ctl"), "stop", "-D", Data, "-m", "immediate"], cancellation);
        await Stop();
    }

    public async Task<long> Count(string sql, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task Execute(string database, string sql, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(To(database));
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private string To(string database) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=postgres;Database={database};Maximum Pool Size=40;Pooling={(database == Database ? "true" : "false")}");

    private static async Task Run(string[] command, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        using var process = Process.Start(start) ?? throw new BenchFailure($"{command[0]} does not start");
        var said = process.StandardOutput.ReadToEndAsync(cancellation);
        var error = await process.StandardError.ReadToEndAsync(cancellation);
        await said;
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
        {
            throw new BenchFailure($"{string.Join(' ', command)}: {error}");
        }
    }
}
