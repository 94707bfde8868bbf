namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>Where CRLs and CA certificates are: by the issuing key's id, so that the places outlive a change of CA.</summary>
internal static class StatusPaths
{
    public static Uri? Crl(Uri? statusUrl, string keyId) => Below(statusUrl, $"crl/{keyId}.crl");

    public static Uri? Certificate(Uri? statusUrl, string keyId) => Below(statusUrl, $"ca/{keyId}.cer");

    private static Uri? Below(Uri? statusUrl, string path) => statusUrl is null ? null : new Uri($"{statusUrl.AbsoluteUri.TrimEnd('/')}/{path}");
}
