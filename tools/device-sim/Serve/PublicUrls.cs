namespace DeviceAcme.Simulator.Serve;

/// <summary>What a requested URL leads to.</summary>
/// <param name="Resource">What it is.</param>
/// <param name="Profile">Profile of the directory; empty where there is none.</param>
/// <param name="Path">Path at the server behind.</param>
/// <param name="Query">Query as it was asked for, with its question mark: it is part of what the client signed.</param>
/// <param name="Alternate">Which other chain of a certificate; 0 is the first.</param>
/// <param name="Guessed">The URL is not one that the test server gave.</param>
internal sealed record Target(Resource Resource, string Profile, string Path, string Query, int Alternate, bool Guessed);

/// <summary>
/// URLs as clients see them. Signed requests reach the server behind with the path and query that the client signed, so a random path is only
/// possible where nothing is signed (directory, nonces, renewal information); other URLs get a query that cannot be guessed.
/// </summary>
/// <param name="baseUrl">Scheme, host and port.</param>
/// <param name="profiles">Names of the profiles.</param>
/// <param name="standard">The profile of <c>/directory</c>.</param>
/// <param name="random">Whether paths are random.</param>
/// <param name="chance">Makes the words.</param>
internal sealed class PublicUrls(string baseUrl, IReadOnlyList<string> profiles, string standard, bool random, Chance chance)
{
    private const string Mark = "r=";
    private const string AlternateMark = "alternate=";

    private static readonly Dictionary<string, Resource> Names = new(StringComparer.Ordinal)
    {
        ["directory"] = Resource.Directory,
        ["new-nonce"] = Resource.NewNonce,
        ["new-account"] = Resource.NewAccount,
        ["new-order"] = Resource.NewOrder,
        ["new-authz"] = Resource.NewAuthorization,
        ["revoke-cert"] = Resource.RevokeCertificate,
        ["key-change"] = Resource.KeyChange,
        ["account"] = Resource.Account,
        ["order"] = Resource.Order,
        ["authz"] = Resource.Authorization,
        ["chall"] = Resource.Challenge,
        ["cert"] = Resource.Certificate,
        ["renewal-info"] = Resource.RenewalInfo,
    };

    // what is signed within a signed request is compared with the server's own URL (RFC 8555 §7.3.4, §7.3.5), and so is kid (§6.2)
    private static readonly Resource[] Plain = [Resource.NewAccount, Resource.KeyChange, Resource.Account, Resource.Orders, Resource.AttestationCa, Resource.Unknown];
    private static readonly Resource[] Unsigned = [Resource.Directory, Resource.NewNonce, Resource.RenewalInfo];

    public string BaseUrl => baseUrl;

    /// <summary>Directory URLs by profile, that of <c>/directory</c> first.</summary>
    public IReadOnlyList<(string Profile, string Url)> Directories =>
        [(standard, Public(baseUrl + "/directory")), .. profiles.Select(profile => (profile, Public($"{baseUrl}/acme/{profile}/directory")))];

    public string RenewalInfo(string profile) => Public($"{baseUrl}/acme/{profile}/renewal-info");

    /// <param name="path">Path of the request.</param>
    /// <param name="query">Its query with the question mark, or the empty text.</param>
    public Target Resolve(string path, string query)
    {
        if (random && Hidden(path) is { } hidden)
        {
            return hidden with { Query = query };
        }

        var (resource, profile) = Read(path);
        var values = query.TrimStart('?').Split('&');
        var alternate = values.FirstOrDefault(value => value.StartsWith(AlternateMark, StringComparison.Ordinal)) is { } found && int.TryParse(found[AlternateMark.Length..], out var number) ? number : 0;
        var guessed = random && (Unsigned.Contains(resource) || (!Plain.Contains(resource) && !values.Contains(Mark + Word(path))));
        return new Target(resource, profile, path, query, alternate, guessed);
    }

    /// <summary>The URL that clients get for one of the server behind; other texts stay.</summary>
    public string Public(string url)
    {
        if (!random || !url.StartsWith(baseUrl + "/", StringComparison.Ordinal))
        {
            return url;
        }

        var path = url[baseUrl.Length..].Split('?')[0];
        var (resource, _) = Read(path);
        return Plain.Contains(resource) ? url
            : Unsigned.Contains(resource) ? $"{baseUrl}/{Word(path)}{path[Stem(path).Length..]}"
            : $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Mark}{Word(path)}";
    }

    public static string AlternateOf(string url, int number) => $"{url.Split('?')[0]}?{AlternateMark}{number}";

    /// <summary>The path at the server behind of a URL that it wrote.</summary>
    public string PathOf(string url) => url.StartsWith(baseUrl, StringComparison.Ordinal) ? url[baseUrl.Length..].Split('?')[0] : url;

    private string Word(string path) => chance.Word(Stem(path));

    // renewal information has the certificate's id behind it
    private static string Stem(string path) => path.IndexOf("/renewal-info/", StringComparison.Ordinal) is > 0 and var at ? path[..(at + "/renewal-info".Length)] : path;

    private Target? Hidden(string path)
    {
        var word = path.Split('/') is ["", var first, ..] ? first : "";
        foreach (var known in profiles.SelectMany(profile => (string[])[$"/acme/{profile}/directory", $"/acme/{profile}/new-nonce", $"/acme/{profile}/renewal-info"]).Prepend("/directory"))
        {
            if (word == Word(known) && (path.Length == word.Length + 1 || known.EndsWith("renewal-info", StringComparison.Ordinal)))
            {
                var inner = known + path[(word.Length + 1)..];
                var (resource, profile) = Read(inner);
                return new Target(resource, profile, inner, "", 0, false);
            }
        }

        return null;
    }

    private (Resource Resource, string Profile) Read(string path)
    {
        if (path == "/directory")
        {
            return (Resource.Directory, standard);
        }

        var parts = path.Split('/');
        if (parts is ["", "tpm", var attesting, ..])
        {
            return (Resource.AttestationCa, attesting);
        }

        if (parts is not ["", "acme", var profile, _, ..])
        {
            return (Resource.Unknown, "");
        }

        // a ticket's own directory has its code before the resource
        var rest = parts.Length > 4 && parts[3].StartsWith("tkt_", StringComparison.Ordinal) ? parts[4..] : parts[3..];
        var found = Names.GetValueOrDefault(rest[0], Resource.Unknown);
        return (found switch
        {
            Resource.Order when rest is [_, _, "finalize"] => Resource.Finalize,
            Resource.Account when rest is [_, _, "orders"] => Resource.Orders,
            _ => found,
        }, profile);
    }
}
