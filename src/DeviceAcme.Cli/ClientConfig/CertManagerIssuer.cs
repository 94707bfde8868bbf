using System.Text;

namespace DeviceAcme.Cli.ClientConfig;

/// <summary>cert-manager in Kubernetes: an Issuer, the Secret of its external account, and a Certificate that uses it.</summary>
internal sealed class CertManagerIssuer : IClientConfiguration
{
    private const string Issuer = "deviceacme";

    public string Name => "cert-manager";

    public string Language => "yaml";

    public IReadOnlyList<string> Challenges => ["http-01"];

    public string Write(Enrollment enrollment)
    {
        var name = enrollment.Names[0].Replace('.', '-').Replace("*", "wildcard", StringComparison.Ordinal);
        var (algorithm, size) = enrollment.Key(
            Name, ("ec-p256", "ECDSA 256"), ("ec-p384", "ECDSA 384"), ("ec-p521", "ECDSA 521"), ("rsa-2048", "RSA 2048"), ("rsa-4096", "RSA 4096")).Split(' ') is [var first, var second] ? (first, second) : default;
        var yaml = new StringBuilder();
        if (enrollment.ExternalAccount is { } secret)
        {
            yaml.Append($"""
                apiVersion: v1
                kind: Secret
                metadata:
                  name: {Issuer}-external-account
                stringData:
                  mac-key: {Quoting.Double(secret.MacKey)}
                ---

                """);
        }

        yaml.Append($"""
            apiVersion: cert-manager.io/v1
            kind: Issuer
            metadata:
              name: {Issuer}
            spec:
              acme:
                server: {Quoting.Double(enrollment.DirectoryUrl)}
                email: {Quoting.Double(enrollment.Email)}

            """);
        if (enrollment.RootFile is { } root)
        {
            yaml.Append($"    caBundle: {Bundle(root)}\n");
        }

        if (enrollment.ExternalAccount is { } account)
        {
            yaml.Append($"""
                    externalAccountBinding:
                      keyID: {Quoting.Double(account.KeyId)}
                      keySecretRef:
                        name: {Issuer}-external-account
                        key: mac-key

                """);
        }

        yaml.Append($$"""
                privateKeySecretRef:
                  name: {{Issuer}}-account
                solvers:
                  - http01:
                      ingress: {}
            ---
            apiVersion: cert-manager.io/v1
            kind: Certificate
            metadata:
              name: {{name}}
            spec:
              secretName: {{name}}-tls
              dnsNames:

            """);
        foreach (var dns in enrollment.Names)
        {
            yaml.Append($"    - {Quoting.Double(dns)}\n");
        }

        return yaml.Append($"""
              privateKey:
                algorithm: {algorithm}
                size: {size}
              issuerRef:
                name: {Issuer}
                kind: Issuer

            """).ToString();
    }

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return "kubectl apply -n NAMESPACE -f FILE; an ingress controller of several needs ingressClassName below ingress";
    }

    // the PEM text itself in base64
    private static string Bundle(string file) => Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Join(
        '\n', KnownServer.Certificates(file).Select(certificate => certificate.ExportCertificatePem())) + "\n"));
}
