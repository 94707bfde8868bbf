using System.Text;

namespace DeviceAcme.Server.Hosting;

/// <summary>What the server says when it is ready: where it is, what it trusts, what to do next.</summary>
internal static class StartReport
{
    public static string Text(ServerOptions options)
    {
        var text = new StringBuilder();
        Line("DeviceAcme is ready", "");
        Line("directory", options.BaseUrl + "/directory");
        Line("data", options.DataDirectory);
        Line("root to trust", Path.Combine(options.DataDirectory, "ca", "root.pem"));
        Line("status", options.StatusUrl?.ToString() ?? "none");
        Line("admin", options.AdminUrl?.ToString() ?? "none");
        return text.ToString();

        void Line(string name, string value) => text.Append(name.PadRight(16)).AppendLine(value);
    }
}
