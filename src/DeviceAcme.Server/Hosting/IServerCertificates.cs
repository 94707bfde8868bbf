using System.Net.Security;

namespace DeviceAcme.Server.Hosting;

/// <summary>The certificate of the TLS listener: from files, or from the built-in CA.</summary>
/// <remarks>Asked at each handshake, so that a renewed or replaced certificate needs no restart.</remarks>
internal interface IServerCertificates
{
    /// <summary>The certificate in force with its chain.</summary>
    SslStreamCertificateContext Current { get; }
}
