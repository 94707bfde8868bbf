using System.Text;

namespace DeviceAcme.Cli.ClientConfig;

/// <summary>Caddy: a site of its Caddyfile that gets its certificate here, whatever the other sites do.</summary>
internal sealed class Caddy : IClientConfiguration
{
    public string Name => "caddy";

    public string Language => "caddyfile";

    public IReadOnlyList<string> Challenges => ["http-01", "tls-alpn-01"];

    public string Write(Enrollment enrollment)
    {
        var http = enrollment.Challenge == "http-01";
        var port = http ? enrollment.HttpPort : enrollment.TlsPort;
        string?[] issuer =
        [
            $"dir {Quoting.DoubleIfNeeded(enrollment.DirectoryUrl)}",
            $"email {Quoting.DoubleIfNeeded(enrollment.Email)}",
            enrollment.RootFile is { } root ? $"trusted_roots {Quoting.DoubleIfNeeded(root)}" : null,
            enrollment.ExternalAccount is { } account ? $"eab {account.KeyId} {account.MacKey}" : null,
            http ? "disable_tlsalpn_challenge" : "disable_http_challenge",
            port is null ? null : $"{(http ? "alt_http_port" : "alt_tlsalpn_port")} {port}",
        ];
        var text = new StringBuilder();
        text.Append(string.Join(", ", enrollment.Names)).Append(" {\n\ttls {\n");
        text.Append($"\t\tkey_type {enrollment.Key(Name, ("ec-p256", "p256"), ("ec-p384", "p384"), ("rsa-2048", "rsa2048"), ("rsa-4096", "rsa4096"))}\n");
        text.Append("\t\tissuer acme {\n");
        foreach (var line in issuer.OfType<string>())
        {
            text.Append("\t\t\t").Append(line).Append('\n');
        }

        return text.Append("\t\t}\n\t}\n}\n").ToString();
    }

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return "put what the site serves below tls; 'caddy validate --config Caddyfile --adapter caddyfile' checks it";
    }
}
