using DeviceAcme.Core.Challenges;
using DeviceAcme.Server.Network.Caa;
using DeviceAcme.Server.Network.Dns;

namespace DeviceAcme.Server.Network;

/// <summary>Puts the network challenges together and registers them.</summary>
internal static class NetworkValidation
{
    public static IServiceCollection AddNetworkValidation(this IServiceCollection services, ServerOptions options)
    {
        foreach (var validator in Validators(options, new NetworkTiming()))
        {
            services.AddSingleton(validator);
        }

        services.AddSingleton(_ => new CaaChecker(Dns(options, new NetworkTiming()), options.CaaIdentities));
        services.AddSingleton(_ => Downloads(options, new NetworkTiming()));
        return services;
    }

    /// <summary>Issuer certificates come from where validation may reach, and from nowhere else.</summary>
    internal static IssuerDownload Downloads(ServerOptions options, NetworkTiming timing, int port = 80) =>
        new(new OutboundConnector(Dns(options, timing), Addresses(options), timing), timing.Download, port);

    /// <summary>The one list of challenges that are validated over the network.</summary>
    internal static IReadOnlyList<IChallengeValidator> Validators(ServerOptions options, NetworkTiming timing)
    {
        var dns = Dns(options, timing);
        var connector = new OutboundConnector(dns, Addresses(options), timing);
        var run = new ValidationRun(new CaaChecker(dns, options.CaaIdentities), timing);
        return
        [
            new Http01Validator(connector, run, options.Http01Port),
            new Dns01Validator(dns, run),
            new TlsAlpn01Validator(connector, run, options.TlsAlpn01Port),
        ];
    }

    private static DnsClient Dns(ServerOptions options, NetworkTiming timing) =>
        new(options.DnsResolver is { } resolver ? () => [resolver] : SystemResolvers.Read, timing);

    private static AddressPolicy Addresses(ServerOptions options) => new(options.ValidationNetworks, OwnListeners.Of(options));
}
