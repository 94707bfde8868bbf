using System.CommandLine;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>The keys of one data directory: asked of the server that runs on it, or, when none does, of its program.</summary>
internal sealed class EabKeys
{
    private const string Route = "admin/v1/external-account-keys";
    private readonly string _dataDirectory;
    private readonly AdminConnection? _server;

    private EabKeys(string dataDirectory, AdminConnection? server)
    {
        _dataDirectory = dataDirectory;
        _server = server;
    }

    /// <summary>Finds out whether a server runs on the directory.</summary>
    public static async Task<EabKeys> Open(AdminServerChoice choice, ParseResult parsed, CancellationToken cancellation) =>
        new(choice.DataDirectory(parsed), await choice.TryOpen(parsed, cancellation));

    public async Task<ExternalAccountKeyEntry> Add(string? profile, string? expires, CancellationToken cancellation)
    {
        if (_server is null)
        {
            string[] wishes = [.. profile is null ? [] : new[] { "--profile", profile }, .. expires is null ? [] : new[] { "--expires", expires }];
            return AdminConnection.Read(await Run(["add", .. wishes], cancellation), AdminJson.Default.ExternalAccountKeyEntry);
        }

        return await _server.Post(
            Route, new NewExternalAccountKey { Profile = profile, ExpiresIn = expires }, AdminJson.Default.NewExternalAccountKey, AdminJson.Default.ExternalAccountKeyEntry, cancellation);
    }

    public async Task<ExternalAccountKeyList> List(CancellationToken cancellation) => _server is null
        ? AdminConnection.Read(await Run(["list"], cancellation), AdminJson.Default.ExternalAccountKeyList)
        : await _server.Get(Route, AdminJson.Default.ExternalAccountKeyList, cancellation);

    public Task Remove(string keyId, CancellationToken cancellation) => _server is null
        ? Run(["remove", keyId], cancellation)
        : _server.Delete($"{Route}/{Uri.EscapeDataString(keyId)}", cancellation);

    private async Task<string> Run(IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        await ServerProgram.RunForOutput(["eab", .. arguments, "--data", _dataDirectory], cancellation)
        ?? throw new CommandFailure("the server's program failed; it says why above");
}
