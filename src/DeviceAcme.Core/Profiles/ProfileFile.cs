using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using DeviceAcme.Protocol.Acme;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads one profile file and notes every mistake in it.</summary>
internal static partial class ProfileFile
{
    /// <summary>More than any sensible profile needs.</summary>
    public const int MaximumLength = 65_536;

    private const int MaximumDepth = 16;

    internal static readonly string[] Known = ["name", "description", "accounts", "identifiers", "attestation", "evidence", "anomalies", "devices", "approval", "webhooks", "certificate", "issuer", "tests"];

    /// <summary>The profile of this text; null where its mistakes leave none.</summary>
    /// <param name="path">The file's path, for messages and for the name that it must carry.</param>
    /// <param name="text">The file's text.</param>
    /// <param name="mistakes">Where every mistake is noted.</param>
    public static CertificateProfile? Parse(string path, string text, Mistakes mistakes)
    {
        var before = mistakes.Errors.Count;
        if (Root(path, text, mistakes) is not { } root)
        {
            return null;
        }

        var properties = root.Properties(Known);
        if (!root.IsMapping)
        {
            return null;
        }

        var name = properties.TryGetValue("name", out var node) ? Name(node, path) : Missing(root, "name", "the profile's name");
        var accounts = properties.TryGetValue("accounts", out node) ? AccountSection.Read(node) : AccountRule.Silent;
        var identifiers = properties.TryGetValue("identifiers", out node) ? IdentifierSection.Read(node) : null;
        var attestation = AttestationSection.Read(properties.GetValueOrDefault("attestation"));
        var certificate = properties.TryGetValue("certificate", out node) ? CertificateSection.Read(node) : null;
        if (identifiers is null)
        {
            Missing(root, "identifiers", "which identifier types may be ordered, and how they are proven");
        }

        if (certificate is null)
        {
            Missing(root, "certificate", "what the certificate looks like");
        }

        var (issuer, issuersByKey) = IssuerSection.Read(properties.GetValueOrDefault("issuer"));
        var profile = new CertificateProfile
        {
            Name = name,
            Description = properties.TryGetValue("description", out node) ? node.Text() : null,
            Text = text,
            Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
            ExternalAccountBinding = accounts.ExternalAccountBinding,
            TicketUrl = accounts.TicketUrl,
            AccountLimits = accounts.Limits,
            Identifiers = identifiers ?? new Dictionary<string, IdentifierRule>(),
            Attestation = attestation,
            Anomalies = AnomalySection.Read(properties.GetValueOrDefault("anomalies")),
            Evidence = EvidenceSection.Read(properties.GetValueOrDefault("evidence")),
            Devices = DeviceSection.Read(properties.GetValueOrDefault("devices")),
            Webhooks = WebhookSection.Read(properties.GetValueOrDefault("webhooks")),
            Approval = ApprovalSection.Read(properties.GetValueOrDefault("approval")),
            Certificate = certificate!,
            Issuer = issuer,
            IssuersByKey = issuersByKey,
            Tests = ProfileTestSection.Read(properties.GetValueOrDefault("tests")),
        };
        if (identifiers is not null && certificate is not null)
        {
            ProfileRules.Check(profile, root, properties);
        }

        return mistakes.Errors.Count == before ? profile : null;
    }

    /// <summary>True for a name that can be a segment of a URL and of a path as it is.</summary>
    public static bool IsName(string name) => SafeName().IsMatch(name);

    /// <summary>The line of a property in a profile's text, 1-based; 0 where it does not stand there.</summary>
    /// <param name="key">Dotted names, for example <c>attestation.anchors</c>.</param>
    public static int LineOf(CertificateProfile profile, string key)
    {
        var node = Root(profile.Name, profile.Text, new Mistakes());
        foreach (var name in key.Split('.'))
        {
            node = node is { IsMapping: true } ? node.Entries().FirstOrDefault(entry => entry.Name == name).Node : null;
        }

        return node?.Line ?? 0;
    }

    /// <summary>The one mapping of a YAML file; null where there is none, and then a mistake says why.</summary>
    internal static ProfileNode? Root(string path, string text, Mistakes mistakes)
    {
        if (text.Length > MaximumLength)
        {
            mistakes.Add(path, 0, "", $"has {text.Length} characters; at most {MaximumLength} were expected");
            return null;
        }

        var scan = new Parser(new StringReader(text));
        try
        {
            if (DeepLine(scan) is { } line)
            {
                mistakes.Add(path, line, "", $"nests deeper than {MaximumDepth} levels");
                return null;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 1)
            {
                return new ProfileNode(mistakes, path, "", stream.Documents[0].RootNode);
            }

            mistakes.Add(path, 0, "", $"has {stream.Documents.Count} YAML documents; one was expected");
        }
        catch (YamlException invalid)
        {
            mistakes.Add(path, (int)invalid.Start.Line, "", $"is not YAML: {invalid.InnerException?.Message ?? invalid.Message}");
        }
        catch (Exception invalid) when (invalid is InvalidOperationException or ArgumentException or FormatException)
        {
            // the YAML library's own slips over malformed text
            mistakes.Add(path, (int)(scan.Current?.End.Line ?? 0), "", $"is not YAML: {invalid.Message}");
        }

        return null;
    }

    // before the nodes are built: that is done by recursion, which has no end of its own but the stack's
    private static int? DeepLine(Parser parser)
    {
        var depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > MaximumDepth)
            {
                return (int)parser.Current.Start.Line;
            }
        }

        return null;
    }

    private static string Name(ProfileNode node, string path)
    {
        var name = node.Text() ?? "";
        var file = Path.GetFileNameWithoutExtension(path);
        if (name.Length > 0 && !IsName(name))
        {
            node.Mistake($"'{name}' must have only lower-case letters, digits and inner hyphens, at most 63: it stands in URLs");
        }
        else if (name.Length > 0 && name != file)
        {
            node.Mistake($"'{name}' must be the file's name, '{file}'");
        }

        return name;
    }

    private static string Missing(ProfileNode root, string property, string what)
    {
        root.Mistake($"needs {property}: {what}");
        return "";
    }

    [GeneratedRegex(@"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex SafeName();
}
