using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Bench.Reports;

/// <summary>The report as one JSON object; the members are those of the records in kebab case.</summary>
internal static class ReportJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    public static string Write(BenchReport report) => JsonSerializer.Serialize(new { report, targets = report.Aims() }, Options) + "\n";

    public static string Write(Stores.StoreReport report) => JsonSerializer.Serialize(report, Options) + "\n";
}
