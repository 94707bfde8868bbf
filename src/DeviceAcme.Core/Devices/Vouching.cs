using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Devices;

/// <summary>What a profile says of URIs: which of them the ledger vouches for, and how an account shows that it speaks for the device.</summary>
/// <param name="Templates">Texts with placeholders of the ledger; the ordered URI must equal one of them, filled for the device, octet for octet.</param>
/// <param name="By">How the account shows it.</param>
internal sealed record VouchingRule(IReadOnlyList<TextTemplate> Templates, VouchedBy By)
{
    /// <summary>The name of the check.</summary>
    public const string Check = "vouched";

    public const string Rule = "the ledger vouches for the URI: the profile's 'vouched', filled for this device, gives it octet for octet";

    /// <summary>Every URI that the ledger vouches for. A template whose placeholders have no value gives none.</summary>
    /// <remarks>A template that is one placeholder alone is the attribute as it is, several URIs with spaces between; in any other place a value is escaped.</remarks>
    public IReadOnlySet<string> Of(Device device)
    {
        var facts = FactSet.Empty.With(device);
        var uris = new HashSet<string>(StringComparer.Ordinal);
        foreach (var template in Templates.Where(template => template.RequiredPlaceholders.All(name => facts.Find(name)?.Value.ToString() is { Length: > 0 })))
        {
            var whole = template.Placeholders.Count() == 1 && template.Text.StartsWith("{{", StringComparison.Ordinal) && template.Text.EndsWith("}}", StringComparison.Ordinal);
            var text = template.Fill(null, facts, whole ? null : (_, value) => Uri.EscapeDataString(value));
            uris.UnionWith(whole ? text.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [text]);
        }

        return uris;
    }

    /// <summary>What was found; throws where the ledger does not vouch.</summary>
    public string Require(Device device, string uri) => Of(device).Contains(uri)
        ? $"device {device.Id} may be called so"
        : throw Problems.Unauthorized("uri-not-vouched", $"{Check}: {Rule}; device {device.Id} may not be called {uri}. Give the device the attribute that the profile's 'vouched' names");
}

/// <summary>How an account shows that it speaks for a device.</summary>
internal enum VouchedBy
{
    /// <summary>It holds a valid authorization that the device's evidence proved; the certificate is for the key that this evidence attests.</summary>
    Attestation,

    /// <summary>It was made with a ticket for this device of the ledger. Nothing is known of the key.</summary>
    Ticket,
}
