namespace DeviceAcme.Cli.ClientConfig;

/// <summary>Apache's mod_md: a managed domain and the virtual host that uses it.</summary>
internal sealed class ModMd : IClientConfiguration
{
    public string Name => "mod_md";

    public string Language => "apache";

    public IReadOnlyList<string> Challenges => ["http-01", "tls-alpn-01"];

    public string Write(Enrollment enrollment)
    {
        string?[] lines =
        [
            $"<MDomainSet {string.Join(' ', enrollment.Names)}>",
            $"  MDCertificateAuthority {Quoting.DoubleIfNeeded(enrollment.DirectoryUrl)}",
            "  MDCertificateAgreement accepted",
            $"  MDContactEmail {Quoting.DoubleIfNeeded(enrollment.Email)}",
            enrollment.ExternalAccount is { } account ? $"  MDExternalAccountBinding {account.KeyId} {account.MacKey}" : null,
            $"  MDCAChallenges {enrollment.Challenge}",
            $"  MDPrivateKeys {enrollment.Key(Name, ("rsa-2048", "RSA 2048"), ("ec-p256", "secp256r1"), ("ec-p384", "secp384r1"), ("rsa-3072", "RSA 3072"), ("rsa-4096", "RSA 4096"))}",
            enrollment.RootFile is { } root ? $"  MDCACertificateFile {Quoting.DoubleIfNeeded(root)}" : null,
            "</MDomainSet>",
            PortMap(enrollment),
            "",
            "<VirtualHost *:443>",
            $"  ServerName {enrollment.Names[0]}",
            enrollment.Names.Count > 1 ? $"  ServerAlias {string.Join(' ', enrollment.Names.Skip(1))}" : null,
            enrollment.Challenge == "tls-alpn-01" ? "  Protocols http/1.1 acme-tls/1" : null,
            "  SSLEngine on",
            "</VirtualHost>",
        ];
        return string.Join('\n', lines.OfType<string>()) + "\n";
    }

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return "a2enmod md ssl, apachectl configtest, and a restart; when mod_md has the certificate, a graceful restart takes it into use";
    }

    private static string? PortMap(Enrollment enrollment) => enrollment switch
    {
        { Challenge: "http-01", HttpPort: { } port } => $"MDPortMap 80:{port}",
        { Challenge: "tls-alpn-01", TlsPort: { } port } => $"MDPortMap 443:{port}",
        _ => null,
    };
}
