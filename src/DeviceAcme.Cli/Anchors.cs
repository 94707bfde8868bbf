using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>The anchors of one data directory: asked of the server that runs on it, or, when none does, of its program.</summary>
internal sealed class Anchors
{
    private const string Route = "admin/v1/anchors";
    private readonly string _dataDirectory;
    private readonly AdminConnection? _server;

    private Anchors(string dataDirectory, AdminConnection? server)
    {
        _dataDirectory = dataDirectory;
        _server = server;
    }

    /// <summary>Finds out whether a server runs on the directory.</summary>
    public static async Task<Anchors> Open(AdminServerChoice choice, ParseResult parsed, CancellationToken cancellation) =>
        new(choice.DataDirectory(parsed), await choice.TryOpen(parsed, cancellation));

    public Task<AnchorListing> List(int? version, string? folder, CancellationToken cancellation) =>
        Get("", "list", [("version", Text(version)), ("folder", folder)], AdminJson.Default.AnchorListing, cancellation);

    public Task<AnchorVersionList> Versions(CancellationToken cancellation) => Get("/versions", "versions", [], AdminJson.Default.AnchorVersionList, cancellation);

    public Task<AnchorChanges> Diff(int? from, int? to, CancellationToken cancellation) =>
        Get("/diff", "diff", [("from", Text(from)), ("to", Text(to))], AdminJson.Default.AnchorChanges, cancellation);

    public Task<AnchorExport> Export(int? version, string? folder, CancellationToken cancellation) =>
        Get("/export", "export", [("version", Text(version)), ("folder", folder)], AdminJson.Default.AnchorExport, cancellation);

    public Task<AnchorImportReport> Import(AnchorImportRequest request, CancellationToken cancellation) =>
        Post("/imports", "import", request, AdminJson.Default.AnchorImportRequest, AdminJson.Default.AnchorImportReport, cancellation);

    public Task<AnchorChanges> Distrust(AnchorDistrustRequest request, CancellationToken cancellation) =>
        Post("/distrusts", "distrust", request, AdminJson.Default.AnchorDistrustRequest, AdminJson.Default.AnchorChanges, cancellation);

    private async Task<T> Get<T>(string path, string command, IReadOnlyList<(string Name, string? Value)> parameters, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var given = parameters.Where(parameter => parameter.Value is not null).ToList();
        if (_server is not null)
        {
            var query = string.Join('&', given.Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}"));
            return await _server.Get(Route + path + (query.Length > 0 ? "?" + query : ""), type, cancellation);
        }

        return AdminConnection.Read(await Run([command, .. given.SelectMany(parameter => new[] { "--" + parameter.Name, parameter.Value! })], null, cancellation), type);
    }

    private async Task<TAnswer> Post<TBody, TAnswer>(string path, string command, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation) =>
        _server is not null
            ? await _server.Post(Route + path, body, bodyType, answerType, cancellation)
            : AdminConnection.Read(await Run([command], JsonSerializer.SerializeToUtf8Bytes(body, bodyType), cancellation), answerType);

    private async Task<string> Run(IReadOnlyList<string> arguments, byte[]? input, CancellationToken cancellation) =>
        await ServerProgram.RunForOutput(["anchors", .. arguments, "--data", _dataDirectory], cancellation, input)
        ?? throw new CommandFailure("the server's program failed; it says why above");

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
