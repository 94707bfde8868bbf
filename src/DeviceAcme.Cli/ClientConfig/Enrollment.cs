namespace DeviceAcme.Cli.ClientConfig;

/// <summary>What an ACME client must be told to enroll: all of it, so that what is printed works as it is.</summary>
/// <remarks>A ticket is either the directory's URL or the external account.</remarks>
internal sealed record Enrollment
{
    public required string DirectoryUrl { get; init; }

    /// <summary>DNS names and addresses, valid and allowed by the profile; the first one names the certificate.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>How they are proven: <c>http-01</c>, <c>dns-01</c> or <c>tls-alpn-01</c>.</summary>
    public required string Challenge { get; init; }

    /// <summary>Key types that the profile certifies, in its order.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Contact of the account.</summary>
    public required string Email { get; init; }

    /// <summary>The root that the directory's TLS leads to, PEM, an absolute path; null where the client's machine trusts it already.</summary>
    public string? RootFile { get; init; }

    /// <summary>Key id and MAC key (RFC 8555 §7.3.4).</summary>
    public ExternalAccount? ExternalAccount { get; init; }

    /// <summary>Where the client answers http-01 if not on 80, because something forwards that.</summary>
    public int? HttpPort { get; init; }

    /// <summary>Where the client answers tls-alpn-01 if not on 443.</summary>
    public int? TlsPort { get; init; }

    /// <summary>Folder that a web server shows as the root of each name; null where the client answers http-01 itself.</summary>
    public string? WebRoot { get; init; }

    /// <summary>The client's own name of what writes TXT records; null where none was named.</summary>
    public string? DnsProvider { get; init; }

    /// <summary>The first key that the client can make and the profile certifies.</summary>
    /// <param name="client">For the message.</param>
    /// <param name="possible">Our name of each key that the client makes, and what the client calls it; its default first.</param>
    public string Key(string client, params (string Key, string Word)[] possible)
    {
        var match = possible.FirstOrDefault(item => Keys.Contains(item.Key));
        return match.Word ?? throw new CommandFailure(
            $"{client} makes {string.Join(", ", possible.Select(item => item.Key))}; the profile certifies {string.Join(", ", Keys)}");
    }
}

/// <summary>A key for external account binding.</summary>
/// <param name="MacKey">base64url without padding.</param>
internal sealed record ExternalAccount(string KeyId, string MacKey);
