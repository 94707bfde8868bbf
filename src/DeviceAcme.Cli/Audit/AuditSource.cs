using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Audit;

/// <summary>The audit log of a data directory: asked of the server that runs on it, or, when none does, of its program.</summary>
internal sealed class AuditSource
{
    private static readonly JsonSerializerOptions Strict = new(AdminJson.Default.Options) { AllowDuplicateProperties = false };

    private readonly string _dataDirectory;
    private readonly AdminConnection? _server;

    private AuditSource(string dataDirectory, AdminConnection? server)
    {
        _dataDirectory = dataDirectory;
        _server = server;
    }

    public static async Task<AuditSource> Open(AdminServerChoice choice, ParseResult parsed, CancellationToken cancellation) =>
        new(choice.DataDirectory(parsed), await choice.TryOpen(parsed, cancellation));

    /// <summary>The rows as lines, oldest first.</summary>
    public IAsyncEnumerable<string> Export(string? since, string? until, CancellationToken cancellation)
    {
        (string Name, string? Value)[] choices = [("since", since), ("until", until)];
        var given = choices.Where(choice => choice.Value is not null).ToList();
        return _server is null
            ? ServerProgram.RunForLines(["audit", "export", .. given.SelectMany(choice => new[] { $"--{choice.Name}", choice.Value! }), "--data", _dataDirectory], cancellation)
            : _server.Lines("admin/v1/audit/export" + (given.Count == 0 ? "" : "?" + string.Join('&', given.Select(choice => $"{choice.Name}={Uri.EscapeDataString(choice.Value!)}"))), cancellation);
    }

    /// <summary>Where the log ends, as the server's writer knows it.</summary>
    public async Task<AuditHead> Head(CancellationToken cancellation)
    {
        if (_server is not null)
        {
            return await _server.Get("admin/v1/audit/head", AdminJson.Default.AuditHead, cancellation);
        }

        return AdminConnection.Read(
            await ServerProgram.RunForOutput(["audit", "head", "--data", _dataDirectory], cancellation) ?? throw new CommandFailure("the server's program failed; it says why above"),
            AdminJson.Default.AuditHead);
    }

    /// <summary>Feeds lines to a verification.</summary>
    public static async Task Verify(IAsyncEnumerable<string> lines, AuditVerification verification, Talk talk)
    {
        long number = 0;
        await foreach (var line in lines)
        {
            number++;
            try
            {
                verification.Add(JsonSerializer.Deserialize<AuditRecord>(line, Strict) ?? throw new JsonException("expected an object, found null"));
            }
            catch (JsonException exception)
            {
                verification.Unreadable(number, exception.Message);
            }

            if (number % 100_000 == 0)
            {
                talk.Progress($"{number} rows");
            }
        }

        verification.Finish();
    }
}
