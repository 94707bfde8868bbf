using System.Text;
using DeviceAcme.Bench.Reports;

namespace DeviceAcme.Bench.Stores;

/// <summary>One measurement with an almost empty store and with a filled one.</summary>
internal sealed record StoreLine(string What, double Empty, double Full, string Unit, double? EmptyElapsed, double? FullElapsed)
{
    public double Ratio => Full / Empty;
}

/// <summary>What growth costs.</summary>
/// <param name="Devices">Devices that were filled in, each with all that hangs from it.</param>
/// <param name="Revoked">Lines of the CRL.</param>
/// <param name="Octets">Of the database's file.</param>
internal sealed record StoreReport(int Devices, int Revoked, long Octets, IReadOnlyList<StoreLine> Lines)
{
    public const string Start = "start to the first directory answer";

    public static string Enrollment(string kind) => $"{kind} enrollment, 8 clients";

    public string Text()
    {
        var text = new StringBuilder().AppendLine($"a store of {Devices} devices, {Octets / (1 << 20)} MiB, {Revoked} revoked certificates, beside a store with 200 devices, measured in turns");
        var table = new Table("server CPU for one; elapsed in milliseconds for the client", "", "empty", "full", "", "ratio", "empty ms", "full ms");
        foreach (var line in Lines)
        {
            table.Add(line.What, line.Empty, line.Full, line.Unit, line.Ratio, Shown(line.EmptyElapsed), Shown(line.FullElapsed));
        }

        return text.Append(table).ToString();
    }

    private static object Shown(double? value) => value is { } number ? number : "";
}
