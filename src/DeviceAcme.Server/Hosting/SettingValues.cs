using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DeviceAcme.Core.Administration;

namespace DeviceAcme.Server.Hosting;

/// <summary>Reads one value of a setting; a <see cref="FormatException"/> says what was expected and what was found.</summary>
internal static class SettingValues
{
    public static Uri HttpsUrl(string text) => BaseUrl(text, "https");

    public static Uri HttpUrl(string text) => BaseUrl(text, "http");

    /// <summary>A base URL of a listener that only this machine can reach, or that is reached over TLS.</summary>
    public static Uri AdminUrl(string text)
    {
        var url = BaseUrl(text, "http", "https");
        return url.IsLoopback || url.Scheme == Uri.UriSchemeHttps
            ? url
            : throw new FormatException($"expected https, or a loopback host (localhost, 127.0.0.1 or [::1]), found '{url.Host}' over http: whoever reads a token on its way rules the server");
    }

    /// <summary>An OIDC issuer; over http on this machine alone.</summary>
    public static Uri Issuer(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)) && url is { Query: "", Fragment: "", UserInfo: "" }
            ? url
            : throw new FormatException($"expected an https URL, found '{text}'");

    /// <summary><c>NAME=ROLE[+ROLE][:PROFILE[+PROFILE]]</c>.</summary>
    public static AdminGrant Grant(string text) => AdminGrant.Parse(text);

    /// <summary>Scheme, address and port to listen on.</summary>
    public static Uri ListenUrl(string text) => ListenUrl(text, "http", "https");

    public static Uri PlainListenUrl(string text) => ListenUrl(text, "http");

    public static Uri WebUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new FormatException($"expected an http or https URL, found '{text}'");

    /// <summary>An address with prefix length; a single address stands for itself.</summary>
    public static IPNetwork Network(string text)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            return new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out address) || !IPNetwork.TryParse(text, out var network))
        {
            throw new FormatException($"expected a network such as 10.0.0.0/8 or fd00::/8, found '{text}'");
        }

        // Whoever writes 10.0.0.1/8 meant one machine or a smaller network.
        return network.BaseAddress.Equals(address)
            ? network
            : throw new FormatException($"expected a network, found '{text}', which has bits set after the prefix: {network} or {address}?");
    }

    /// <summary>IP:PORT; port 53 where none is given.</summary>
    public static IPEndPoint Resolver(string text)
    {
        if (!IPEndPoint.TryParse(text, out var endpoint) || endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any))
        {
            throw new FormatException($"expected IP:PORT such as 127.0.0.1:53 or [::1]:53, found '{text}'");
        }

        return endpoint.Port == 0 ? new IPEndPoint(endpoint.Address, 53) : endpoint;
    }

    public static int Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? port
            : throw new FormatException($"expected a port from 1 to 65535, found '{text}'");

    public static int Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"expected a number from {least.ToString(CultureInfo.InvariantCulture)} to {most.ToString(CultureInfo.InvariantCulture)}, found '{text}'");

    public static string ExistingFolder(string path) =>
        Directory.Exists(path) ? path : throw new FormatException($"no folder {path}");

    public static string ExistingFile(string path) =>
        File.Exists(path) ? path : throw new FormatException($"no file {path}");

    /// <summary>A file that exists, or where to fetch one.</summary>
    public static Uri FileOrHttpsUrl(string text) =>
        !text.StartsWith("https://", StringComparison.Ordinal) ? new Uri(ExistingFile(text))
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 ? url
        : throw new FormatException($"expected a file or an https URL, found '{text}'");

    /// <summary>An issuer domain name as it stands in CAA records (RFC 8659 §4.2).</summary>
    public static string DomainName(string text) =>
        Uri.CheckHostName(text) == UriHostNameType.Dns && !text.EndsWith('.')
            ? text.ToLowerInvariant()
            : throw new FormatException($"expected a domain name, found '{text}'");

    /// <summary>A profile's name: what can stand in a directory's URL.</summary>
    public static string ProfileName(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : throw new FormatException($"expected letters, digits, '-', '_' and '.', found '{text}'");

    public static string CommonName(string text) =>
        text.Length is > 0 and <= 44 && !text.Any(char.IsControl) && text.Trim() == text
            ? text
            : throw new FormatException($"expected 1 to 44 printable characters (a common name ends at 64, and the issuing CA's has 20 more), found {text.Length} in '{text}'");

    /// <summary>One of two words or more.</summary>
    public static string OneOf(string text, params IReadOnlyList<string> words) =>
        words.Contains(text) ? text : throw new FormatException($"expected {string.Join(" or ", words)}, found '{text}'");

    public static LogLevel Level(string text) => text switch
    {
        "warning" => LogLevel.Warning,
        "information" => LogLevel.Information,
        "debug" => LogLevel.Debug,
        _ => throw new FormatException($"expected warning, information or debug, found '{text}'"),
    };

    /// <summary>The first line of a file.</summary>
    public static string Secret(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new FormatException($"no file {path}");
        }

        if (file.Length is 0 or > 4096)
        {
            throw new FormatException($"expected a passphrase of 1 to 4096 bytes, found {file.Length} bytes in {path}");
        }

        using var reader = file.OpenText();
        return reader.ReadLine() is { Length: > 0 } line ? line : throw new FormatException($"the first line of {path} is empty");
    }

    private static Uri ListenUrl(string text, params string[] schemes)
    {
        var url = BaseUrl(text, schemes);
        return url.HostNameType == UriHostNameType.Dns && url.Host != "localhost"
            ? throw new FormatException($"expected an IP address or localhost, found '{url.Host}': 0.0.0.0 and [::] stand for all interfaces")
            : url;
    }

    private static Uri BaseUrl(string text, params string[] schemes)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || !schemes.Contains(url.Scheme) || url.Host.Length == 0)
        {
            throw new FormatException($"expected {string.Join(" or ", schemes)}://HOST:PORT, found '{text}'");
        }

        // Resources live at fixed paths below it (docs/options.md), so a path of its own would lead nowhere.
        return url.AbsolutePath == "/" && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0
            ? url
            : throw new FormatException($"expected no path, query or user behind {url.Scheme}://{url.Authority}, found '{text}'");
    }
}
