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

        return services;
    }

    /// <summary>The one list of challenges that are validated over the network.</summary>
    internal static IReadOnlyList<IChallengeValidator> Validators(ServerOptions options, NetworkTiming timing)
    {
        var dns = new DnsClient(options.DnsResolver is { } resolver ? () => [resolver] : SystemResolvers.Read, timing);
        var connector = new OutboundConnector(dns, new AddressPolicy(options.ValidationNetworks, OwnListeners.Of(options)), timing);
        var run = new ValidationRun(new CaaChecker(dns, options.CaaIdentities), timing);
        return
        [
            new Http01Validator(connector, run, options.Http01Port),
            new Dns01Validator(dns, run),
            new TlsAlpn01Validator(connector, run, options.TlsAlpn01Port),
        ];
    }
}
