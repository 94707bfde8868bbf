using System.Net.Mail;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Accounts;

/// <summary>What a contact may be (RFC 8555 §7.3): a <c>mailto:</c> URL with one address and no header fields.</summary>
internal static class ContactRules
{
    private const int MaxContacts = 10;
    private const int MaxLength = 320;

    public static void Check(IReadOnlyList<string> contacts)
    {
        if (contacts.Count > MaxContacts)
        {
            throw Problems.InvalidContact("too-many-contacts", $"contact: expected at most {MaxContacts} entries, found {contacts.Count}");
        }

        for (var i = 0; i < contacts.Count; i++)
        {
            Check(contacts[i], i);
        }
    }

    private static void Check(string contact, int index)
    {
        var colon = contact.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !contact.AsSpan(0, colon).Equals("mailto", StringComparison.OrdinalIgnoreCase))
        {
            throw Problems.UnsupportedContact("contact-scheme-unsupported", $"contact[{index}]: expected a mailto: URL, found {Shown(contact)}");
        }

        var address = contact[(colon + 1)..];
        if (address.Contains('?', StringComparison.Ordinal))
        {
            throw Problems.InvalidContact("contact-has-header-fields", $"contact[{index}]: expected an address without header fields (hfields), found a '?'");
        }

        if (address.Contains(',', StringComparison.Ordinal))
        {
            throw Problems.InvalidContact("contact-has-several-addresses", $"contact[{index}]: expected one address, found a ','");
        }

        // MailAddress would also take a display name, which mailto: has no place for
        if (address.Length > MaxLength || !MailAddress.TryCreate(Uri.UnescapeDataString(address), out var parsed)
            || parsed.DisplayName.Length > 0 || address.Any(c => c is < '!' or > '~'))
        {
            throw Problems.InvalidContact("contact-address-invalid", $"contact[{index}]: expected an ASCII mail address, found {Shown(contact)}");
        }
    }

    private static string Shown(string value) => value.Length <= 60 ? $"'{value}'" : $"'{value[..60]}…'";
}
