using System.CommandLine;
using System.Globalization;
using System.Text;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile show</c>: what a profile means, with every default that it leaves unsaid.</summary>
internal static class ShowCommand
{
    public static Command Make(TextWriter output)
    {
        var server = new AdminServerChoice();
        var source = new ProfileSource(server);
        var named = new Argument<string>("profile") { HelpName = ProfileSource.Name, Description = "a profile file, or a version that the running server has" };
        var raw = new Option<bool>("--text") { Description = "the file's text as it is" };
        var show = new CommandWithExamples(
            "show",
            "what a profile means, with the defaults that it leaves unsaid",
            """
            deviceacme profile show profiles/apple-device.yaml
            deviceacme profile show apple-device
            deviceacme profile show apple-device@3 --text > apple-device.yaml
            """)
        {
            named, raw, server,
        };
        show.SetAction(async (parsed, cancellation) =>
        {
            var (path, text) = await source.Read(parsed.GetRequiredValue(named), parsed, cancellation);
            output.Write(parsed.GetValue(raw) ? text : Text(ProfileText.Parse(path, text)));
            return 0;
        });
        return show;
    }

    /// <summary>Of the longest one, an identifier's type.</summary>
    private const int NameWidth = 31;

    internal static string Text(CertificateProfile profile)
    {
        var text = new StringBuilder();
        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-NameWidth}").Append(' ').AppendLine(value);

        Line("profile", profile.Name);
        Line("version", profile.Hash);
        Line("description", profile.Description ?? "none");
        Line("external account binding", profile.ExternalAccountBinding.ToString().ToLowerInvariant());
        foreach (var (type, rule) in profile.Identifiers)
        {
            Line($"identifier {type}", $"{string.Join(" or ", rule.Challenges)}; allowed {string.Join(" or ", rule.Allow)}{(rule.Proves is { } fact ? $"; must equal {fact}" : "")}");
        }

        var attestation = profile.Attestation;
        Line("attestation", attestation.Mode == AttestationMode.None ? "none"
            : $"{attestation.Mode.ToString().ToLowerInvariant()}: {string.Join(", ", attestation.Formats)}, anchors {string.Join(", ", profile.AnchorFolders)}");
        foreach (var rule in attestation.Facts)
        {
            Line("  must hold", rule.Text);
        }

        foreach (var rule in attestation.ObservedFacts)
        {
            Line("  observed", rule.Text);
        }

        Certificate(profile, Line);
        Line("tests", profile.Tests.Count.ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private static void Certificate(CertificateProfile profile, Action<string, string> line)
    {
        var template = profile.Certificate;
        line("subject", template.Subject.Count == 0 ? "none" : string.Join(", ", template.Subject.Select(rdn => string.Join("+", rdn.Select(attribute => $"{attribute.Type.Name}={attribute.Value.Text}")))));
        line("alternative names", Words(template.SubjectAlternativeNames.Select(name => name.Value is null ? name.Kind : $"{name.Kind}: {name.Value.Text}")));
        line("from the request", Words(template.FromRequest.Select(wish => $"{wish.Attribute?.Name ?? wish.NameKind} matching {wish.Pattern}")));
        line("identifier in it", template.IdentifierInCertificate ? "yes" : "no (privacy mode)");
        line("key usage", Words(KeyUsageNames.Known.Where(usage => template.KeyUsage.HasFlag(usage.Value)).Select(usage => usage.Key)));
        line("extended key usage", Words(template.ExtendedKeyUsage.Select(Purpose)));
        line("policies", Words(template.Policies.Select(policy => $"{policy.Oid}{When(policy.When)}")));
        line("extensions", Words(template.Extensions.Select(extension => $"{extension.Oid}{(extension.Critical ? " (critical)" : "")}")));
        line("validity", Words([.. template.ValidityByFacts.Select(other => $"{Time(other.Length)}{When(other.When)}"), Time(template.Validity)]));
        line("backdate", Time(template.Backdate));
        line("noRevAvail, must-staple", $"{(template.NoRevocation ? "yes" : "no")}, {(template.MustStaple ? "yes" : "no")}");
        line("Microsoft SID", template.MicrosoftSid switch { SidMode.None => "no", SidMode.Optional => "where the ledger has one", _ => "required" });
        line("keys and issuers", Words(template.Keys.Select(type => $"{type} by {profile.IssuerFor(type)}")));
    }

    /// <summary>The name of a purpose, or its OID.</summary>
    internal static string Purpose(string oid) => KeyUsageNames.Purposes.FirstOrDefault(known => known.Value == oid).Key ?? oid;

    private static string When(IReadOnlyList<FactRule> rules) => rules.Count == 0 ? "" : $" where {string.Join(" and ", rules.Select(rule => rule.Text))}";

    private static string Words(IEnumerable<string> words) => string.Join(", ", words) is { Length: > 0 } text ? text : "none";

    private static string Time(TimeSpan time) => time.TotalDays >= 1 && time.Ticks % TimeSpan.TicksPerDay == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays}d")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes}m");
}
