using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Trials;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DeviceAcme.Simulator.Serve;

/// <summary>The management endpoint: roots, vendors, switches, transcript, report. On loopback alone, and for programs on this machine alone.</summary>
internal sealed class Management : IAsyncDisposable
{
    private const int MostPerPage = 500;
    private const int LargestBody = 64 * 1024;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly WebApplication _application;
    private readonly TrialRun _run;

    private Management(WebApplication application, TrialRun run)
    {
        _application = application;
        _run = run;
    }

    public static async Task<Management> Start(int port, TrialRun run)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.ListenLocalhost(port);
        });
        builder.Services.AddRoutingCore();
        var management = new Management(builder.Build(), run);
        management.Map();
        try
        {
            await management._application.StartAsync();
        }
        catch (IOException failure)
        {
            await management.DisposeAsync();
            throw new SimulatorException($"cannot serve the management endpoint on port {port}: {failure.Message}", "--management-port chooses another one");
        }

        return management;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private void Map()
    {
        _application.UseRouting();
        _application.Use(OnlyThisMachine);
        IEndpointRouteBuilder routes = _application;
        routes.MapGet("/", context => Html(context, ManagementPage.Write(_run, Report(context))));
        routes.MapGet("/directories", context => Json(context, new JsonArray([.. _run.Urls.Directories.Select(one => (JsonNode)new JsonObject { ["profile"] = one.Profile, ["url"] = one.Url })])));
        routes.MapGet("/roots/{number:int}", context => Pem(context, Root(Number(context))));
        routes.MapGet("/intermediates/{number:int}", context => Pem(context, Intermediates(Number(context))));
        routes.MapGet("/tls-root", context => Pem(context, File.ReadAllText(_run.State.TlsRoot)));
        routes.MapGet("/apple.mobileconfig", context => Text(context, 200, ApplePayload.Write(_run), "application/x-apple-aspen-config"));
        routes.MapGet("/vendors", context => Json(context, new JsonArray([.. VendorFiles().Select(file => (JsonNode)file)])));
        routes.MapGet("/vendors/{**file}", Vendor);
        routes.MapGet("/switches", context => Json(context, Shown(_run.Parts.Switches)));
        routes.MapPut("/switches", Change);
        routes.MapGet("/transcript", Page);
        routes.MapGet("/transcript/{number:int}", context => _run.Parts.Transcript.All().FirstOrDefault(exchange => exchange.Number == Number(context)) is { } found
            ? Json(context, TranscriptText.Json(found)) : Wrong(context, 404, "there is no such exchange, or it is not kept any more"));
        routes.MapGet("/report", context => Json(context, Report(context).ToJson()));
        routes.MapGet("/report.html", context => Html(context, Report(context).ToHtml()));
        routes.MapGet("/report.xml", JUnit);
        routes.MapPost("/reset", context =>
        {
            _run.Parts.Transcript.Clear();
            return Json(context, new JsonObject { ["exchanges"] = 0 });
        });
        routes.MapPost("/tickets", Ticket);
        routes.MapGet("/certificates/{serial}", Certificate);
        routes.MapGet("/cert-status-by-serial/{serial}", Certificate);
        routes.MapFallback(context => Wrong(context, 404, "there is nothing here; / lists what there is"));
    }

    // a page in a browser must not get here by a name that leads to this machine, nor by a form
    private async Task OnlyThisMachine(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host.Host.Trim('[', ']');
        if (host != "localhost" && !(IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)))
        {
            await Wrong(context, 403, "Host: expected localhost or a loopback address");
        }
        else if (context.Request.Headers.ContainsKey("Origin") && !HttpMethods.IsGet(context.Request.Method))
        {
            await Wrong(context, 403, "Origin: pages of a browser change nothing here");
        }
        else if (!_run.IsReady)
        {
            await Wrong(context, 503, "the server is not ready yet");
        }
        else
        {
            await next(context);
        }
    }

    private ServeReport Report(HttpContext context) =>
        _run.Report(Query(context, "client"), settled: Query(context, "settled") is "true");

    private async Task Page(HttpContext context)
    {
        if (!TryNumber(context, "after", 0, out var after) || !TryNumber(context, "limit", 100, out var limit))
        {
            await Wrong(context, 400, "after and limit: expected whole numbers");
            return;
        }

        var exchanges = _run.Parts.Transcript.All(Query(context, "client")).Where(exchange => exchange.Number > after).Take(Math.Clamp(limit, 1, MostPerPage) + 1).ToList();
        var shown = exchanges.Take(Math.Clamp(limit, 1, MostPerPage)).ToList();
        await Json(context, new JsonObject
        {
            ["exchanges"] = new JsonArray([.. shown.Select(exchange => (JsonNode)TranscriptText.Json(exchange))]),
            ["forgotten"] = _run.Parts.Transcript.Forgotten,
            ["next"] = exchanges.Count > shown.Count ? shown[^1].Number : null,
        });
    }

    private Task JUnit(HttpContext context)
    {
        using var xml = new StringWriter(CultureInfo.InvariantCulture);
        Report(context).WriteJUnit(xml);
        return Text(context, 200, xml.ToString().Replace("utf-16", "utf-8", StringComparison.Ordinal), "application/xml");
    }

    private async Task Change(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (SentJws.Object(body.ToArray()) is not { } wanted)
        {
            await Wrong(context, 400, "expected a JSON object of switches and values, such as {\"nonce-errors\":\"20%\",\"strict\":true}");
            return;
        }

        var (switches, mistakes) = (_run.Parts.Switches, new List<string>());
        foreach (var (name, value) in wanted)
        {
            try
            {
                var one = SwitchTable.Find(name) ?? throw new FormatException($"no such switch; there are {string.Join(", ", SwitchTable.All.Select(known => known.Name))}");
                switches = one.Apply(switches, SentJws.Text(value) ?? value?.ToJsonString() ?? "");
            }
            catch (FormatException mistake)
            {
                mistakes.Add($"{name}: {mistake.Message}");
            }
        }

        if (mistakes.Count > 0)
        {
            await Wrong(context, 400, string.Join("; ", mistakes));
            return;
        }

        _run.Parts.Switches = switches;
        await Json(context, Shown(switches));
    }

    private async Task Ticket(HttpContext context)
    {
        if (_run.Urls.Directories.LastOrDefault(one => one.Profile == Query(context, "profile")) is not { Profile: { } profile, Url: var url })
        {
            await Wrong(context, 400, $"profile: expected one of {string.Join(", ", _run.State.ProfileNames)}");
            return;
        }

        try
        {
            var secrets = (await _run.Ticket(profile, context.RequestAborted)).Secrets!;
            await Json(context, new JsonObject
            {
                ["profile"] = profile,
                ["directory"] = url,
                ["keyId"] = secrets.KeyId,
                ["macKey"] = secrets.MacKey,
                ["clientIdentifier"] = secrets.ClientIdentifier,
            });
        }
        catch (RefusedException refused)
        {
            await Wrong(context, 502, $"{refused.Outcome}");
        }
    }

    private async Task Certificate(HttpContext context)
    {
        var serial = ((string)context.Request.RouteValues["serial"]!).Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        if (serial.Length is 0 or > 64 || !serial.All(char.IsAsciiHexDigit))
        {
            await Wrong(context, 400, "expected a serial number in hex");
            return;
        }

        var (status, body) = await _run.Certificate(serial, context.RequestAborted);
        await Text(context, status, body, "application/json");
    }

    private string? Root(int number) => number switch
    {
        0 when _run.Parts.Switches.LargeChains == 0 => File.ReadAllText(_run.State.Root),
        < 0 => null,
        _ => number <= _run.Parts.Switches.AlternateChains || number == 0 ? _run.Parts.Chains.Root(number).ExportCertificatePem() + "\n" : null,
    };

    private string? Intermediates(int number)
    {
        var issuers = Directory.EnumerateFiles(Path.Combine(_run.State.Data, "ca"), "certificate.pem", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        if (number < 0 || number > _run.Parts.Switches.AlternateChains)
        {
            return null;
        }

        var pem = new StringBuilder();
        foreach (var file in issuers)
        {
            using var issuer = X509CertificateLoader.LoadCertificateFromFile(file);
            if (issuer.SubjectName.RawData.AsSpan().SequenceEqual(issuer.IssuerName.RawData))
            {
                continue;
            }

            var chain = number == 0 && _run.Parts.Switches.LargeChains == 0 ? [issuer] : _run.Parts.Chains.Above(issuer, number, Math.Max(1, _run.Parts.Switches.LargeChains));
            pem.AppendJoin("\n", chain.Select(certificate => certificate.ExportCertificatePem())).Append('\n');
        }

        return pem.ToString();
    }

    private IEnumerable<string> VendorFiles() => Directory.EnumerateFiles(_run.State.Vendors.Path, "*", SearchOption.AllDirectories)
        .Where(file => file != _run.State.Vendors.SeedPath).Select(file => Path.GetRelativePath(_run.State.Vendors.Path, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

    private Task Vendor(HttpContext context)
    {
        // compared with the list, so that no path leads elsewhere
        var file = (string?)context.Request.RouteValues["file"];
        return VendorFiles().Contains(file) ? Text(context, 200, File.ReadAllText(Path.Combine(_run.State.Vendors.Path, file!)), "text/plain; charset=utf-8") : Wrong(context, 404, "there is no such file; /vendors lists them");
    }

    private static JsonObject Shown(Switches switches) => new(SwitchTable.All.Select(one => KeyValuePair.Create(one.Name, (JsonNode?)one.Read(switches))));

    private static int Number(HttpContext context) => int.Parse((string)context.Request.RouteValues["number"]!, CultureInfo.InvariantCulture);

    private static string? Query(HttpContext context, string name) => context.Request.Query.TryGetValue(name, out var values) ? values[0] : null;

    private static bool TryNumber(HttpContext context, string name, int standard, out int number)
    {
        number = standard;
        return Query(context, name) is not { } text || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static Task Pem(HttpContext context, string? pem) =>
        pem is null ? Wrong(context, 404, "there is no such chain; see alternate-chains in /switches") : Text(context, 200, pem, "application/pem-certificate-chain");

    private static Task Json(HttpContext context, JsonNode body) => Text(context, 200, body.ToJsonString(Indented) + "\n", "application/json");

    private static Task Wrong(HttpContext context, int status, string what) => Text(context, status, new JsonObject { ["error"] = what }.ToJsonString(Indented) + "\n", "application/json");

    private static Task Html(HttpContext context, string page)
    {
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return Text(context, 200, page, "text/html; charset=utf-8");
    }

    private static async Task Text(HttpContext context, int status, string text, string mediaType)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = mediaType;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
