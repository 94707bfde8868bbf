using System.Net;

namespace DeviceAcme.Server.Network;

/// <summary>Where this server listens, as <see cref="AddressPolicy"/> needs it.</summary>
internal static class OwnListeners
{
    public static IReadOnlyList<(IPAddress? Address, int Port)> Of(ServerOptions options)
    {
        IReadOnlyList<Uri> main = options.Listen.Count > 0 ? options.Listen : [options.Url];
        return [.. main.Append(options.StatusListen ?? options.StatusUrl).Append(options.AdminUrl).OfType<Uri>().Select(url => (Address(url), url.Port))];
    }

    /// <summary>A literal that names one interface; null for a host name and for <c>0.0.0.0</c> or <c>[::]</c>, which mean all of them.</summary>
    private static IPAddress? Address(Uri url) =>
        IPAddress.TryParse(url.IdnHost, out var literal) && !literal.Equals(IPAddress.Any) && !literal.Equals(IPAddress.IPv6Any) ? literal : null;
}
