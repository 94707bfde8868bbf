using System.Net;
using System.Text;
using DeviceAcme.Simulator.Serve.Judging;

namespace DeviceAcme.Simulator.Serve;

/// <summary>The first page of the management endpoint.</summary>
internal static class ManagementPage
{
    private static readonly (string Path, string What)[] Links =
    [
        ("report.html", "the report"), ("report", "the report as JSON; ?client=TEXT for User-Agents with this text, ?settled=true when no more requests will come"), ("report.xml", "the report as JUnit XML"),
        ("transcript", "what clients did; ?after=N&limit=N&client=TEXT"), ("switches", "the switches; PUT changes some of them"), ("directories", "directory URLs by profile"),
        ("tls-root", "root to trust for TLS"), ("roots/0", "root of the certificates; 1 and more: of alternate chains"), ("intermediates/0", "certificates between"),
        ("vendors", "anchors of the simulated vendors"), ("apple.mobileconfig", "a payload for Apple devices"),
    ];

    public static string Write(TrialRun run, ServeReport report)
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ACME test server</title><style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding:.1rem .8rem .1rem 0;vertical-align:top}</style></head><body>\n<h1>ACME test server</h1>\n<p>")
            .Append(report.Exchanges.Count).Append(" exchanges; ").Append(report.Count(Mark.Pass)).Append(" rules pass, ").Append(report.Count(Mark.Fail)).Append(" fail, ").Append(report.Count(Mark.NotSeen)).Append(" not seen</p>\n<table>");
        foreach (var (path, what) in Links)
        {
            Row(page, $"<a href=\"/{path}\">/{path}</a>", what);
        }

        Row(page, "/certificates/SERIAL", "status of a certificate; /cert-status-by-serial/SERIAL is the same");
        Row(page, "POST /tickets?profile=NAME", "an external account key (key id and MAC key) for clients of this profile, good for any number of accounts; and the ClientIdentifier, where the profile takes one");
        Row(page, "POST /reset", "forgets the transcript");
        page.Append("</table>\n<h2>Directories</h2>\n<table>");
        foreach (var (profile, url) in run.Urls.Directories)
        {
            Row(page, WebUtility.HtmlEncode(profile), url);
        }

        page.Append("</table>\n<h2>Switches</h2>\n<table>");
        foreach (var one in SwitchTable.All)
        {
            Row(page, $"{one.Name} = {WebUtility.HtmlEncode(one.Read(run.Parts.Switches))}", one.Help);
        }

        return page.Append("</table>\n</body></html>\n").ToString();
    }

    private static void Row(StringBuilder page, string name, string text) => page.Append("<tr><td>").Append(name).Append("</td><td>").Append(WebUtility.HtmlEncode(text)).Append("</td></tr>\n");
}
