namespace DeviceAcme.Server.Hosting;

/// <summary>What must hold between settings that are each good by themselves.</summary>
internal static class SettingsRules
{
    public static IEnumerable<SettingMistake> Check(ServerOptions options)
    {
        if (options.TlsCertificate is null != options.TlsKey is null)
        {
            var (given, missing) = options.TlsCertificate is null ? ("tls-key", "tls-certificate") : ("tls-certificate", "tls-key");
            yield return new SettingMistake(given, null, $"needs {missing} beside it");
        }

        if (options.AdminClientCa is not null && options.AdminUrl?.Scheme != Uri.UriSchemeHttps)
        {
            yield return new SettingMistake("admin-client-ca", null, "needs an https admin-url: certificates are shown in the TLS handshake");
        }

        if (options.AdminClientCa is null != (options.AdminClientRoles.Count == 0))
        {
            var (given, missing) = options.AdminClientCa is null ? ("admin-client-roles", "admin-client-ca") : ("admin-client-ca", "admin-client-roles");
            yield return new SettingMistake(given, null, $"needs {missing} beside it");
        }

        if (options.AdminOidcIssuer is null != options.AdminOidcAudience is null)
        {
            var (given, missing) = options.AdminOidcIssuer is null ? ("admin-oidc-audience", "admin-oidc-issuer") : ("admin-oidc-issuer", "admin-oidc-audience");
            yield return new SettingMistake(given, null, $"needs {missing} beside it");
        }

        if (options.Url.Port == 0)
        {
            yield return new SettingMistake("url", null, "expected a port that clients can be told, found 0");
        }

        var taken = new Dictionary<int, string>();
        foreach (var (setting, listener) in Listeners(options))
        {
            if (listener.Port != 0 && !taken.TryAdd(listener.Port, setting) && taken[listener.Port] != setting)
            {
                yield return new SettingMistake(setting, null, $"port {listener.Port} is the port of {taken[listener.Port]}: each listener needs its own");
            }
        }
    }

    private static IEnumerable<(string Setting, Uri Listener)> Listeners(ServerOptions options)
    {
        foreach (var listener in options.Listen)
        {
            yield return ("listen", listener);
        }

        if (options.Listen.Count == 0)
        {
            yield return ("url", options.Url);
        }

        if ((options.StatusListen ?? options.StatusUrl) is { } status)
        {
            yield return (options.StatusListen is null ? "status-url" : "status-listen", status);
        }

        if (options.AdminUrl is { } admin)
        {
            yield return ("admin-url", admin);
        }
    }
}
