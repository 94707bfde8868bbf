using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Ledger;
using Microsoft.AspNetCore.Http.Features;

namespace DeviceAcme.Server.Admin;

/// <summary>Inventories, brought into the ledger and taken out of it.</summary>
internal static class InventoryEndpoints
{
    /// <summary>Mistakes that one answer lists.</summary>
    private const int MostMistakes = 1000;

    public static readonly string[] ImportParameters = ["dryRun", "source"];

    /// <summary>Answers with a line for each step, so that a long import shows how far it is; the last one says what came of it.</summary>
    public static async Task Import(HttpContext context, DeviceImport import)
    {
        var query = new AdminQuery(context.Request, ImportParameters);
        var dryRun = query.Flag("dryRun") == true;
        var source = query.Text("source") ?? "admin API";
        if (source.Any(char.IsControl))
        {
            throw Problems.Malformed("parameter-malformed", "source: expected text without control characters");
        }

        var inventory = Inventory.Read(await Body(context));
        var total = inventory.Rows.Count;
        DeviceImportResult result;
        if (inventory.Mistakes.Count > 0 || dryRun)
        {
            result = await import.Run(inventory, source, context.Caller().Name, dryRun, progress: null, context.RequestAborted);
            RequireNone(result.Mistakes);
            Begin(context);
        }
        else
        {
            result = await import.Run(inventory, source, context.Caller().Name, dryRun, done =>
            {
                Begin(context);
                return Line(context, new DeviceImportProgress { Done = done, Total = total });
            }, context.RequestAborted);
            if (!context.Response.HasStarted)
            {
                RequireNone(result.Mistakes);
                Begin(context);
            }
        }

        await Line(context, new DeviceImportProgress
        {
            Done = total,
            Total = total,
            Report = new DeviceImportReport
            {
                DryRun = dryRun,
                Added = result.Added,
                Changed = result.Changed,
                Unchanged = result.Unchanged,
                LeftOut = [.. result.Mistakes.Select(mistake => mistake.ToString())],
            },
        });
    }

    public static async Task Export(HttpContext context, DeviceExport export)
    {
        var query = new AdminQuery(context.Request, DeviceEndpoints.ExportParameters);
        var csv = query.OneOf("format", ["csv", "json"]) != "json";
        var filter = DeviceEndpoints.Filter(query);

        // written down first: a slow reader must not hold the store's past, and a failure is still an answer of its own
        using var written = new MemoryStream();
        await (csv ? export.Csv(filter, written, context.RequestAborted) : export.Json(filter, written, context.RequestAborted));
        context.Response.ContentType = csv ? "text/csv" : "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = written.Length;
        written.Position = 0;
        await written.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task<ReadOnlyMemory<byte>> Body(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentType?.Split(';')[0].Trim() is not ("text/csv" or "application/json"))
        {
            throw Problems.Malformed("content-type", $"Content-Type: expected text/csv or application/json, found '{request.ContentType}'", StatusCodes.Status415UnsupportedMediaType);
        }

        if (request.ContentLength is not { } length || length > Inventory.MaximumBytes)
        {
            throw Problems.Malformed("body-too-large", $"body: expected a Content-Length of at most {Inventory.MaximumBytes} bytes", StatusCodes.Status413PayloadTooLarge);
        }

        // the listener's own bound is that of devices' requests
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = Inventory.MaximumBytes;
        }

        var body = new byte[length];
        await request.Body.ReadExactlyAsync(body, context.RequestAborted);
        return body;
    }

    private static void RequireNone(IReadOnlyList<InventoryMistake> mistakes)
    {
        if (mistakes.Count == 0)
        {
            return;
        }

        var shown = mistakes.OrderBy(mistake => mistake.Line).Take(MostMistakes).Select(mistake => Problems.Malformed("inventory-mistake", mistake.ToString()).Problem).ToList();
        var rest = mistakes.Count > shown.Count ? string.Create(CultureInfo.InvariantCulture, $"; the first {shown.Count} are listed") : "";
        var problem = Problems.Malformed(
            "inventory-mistakes", string.Create(CultureInfo.InvariantCulture, $"body: the inventory has {mistakes.Count} mistakes, nothing of it was taken over{rest}"), StatusCodes.Status422UnprocessableEntity).Problem;
        throw new ProblemException(problem with { Subproblems = shown });
    }

    private static void Begin(HttpContext context)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "application/jsonl";
            context.Response.Headers.CacheControl = "no-store";
        }
    }

    private static async Task Line(HttpContext context, DeviceImportProgress progress)
    {
        // the import goes on when its reader has gone
        if (!context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.Body.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(progress, AdminJson.Default.DeviceImportProgress), (byte)'\n'], CancellationToken.None);
            await context.Response.Body.FlushAsync(CancellationToken.None);
        }
    }
}
