namespace DeviceAcme.EndToEnd.Clients;

/// <summary>What a client must know of the server that it is tried against.</summary>
public interface IClientSurroundings
{
    string DirectoryUrl { get; }

    /// <summary>PEM of the root to trust for TLS.</summary>
    string Root { get; }

    int Http01Port { get; }

    int TlsAlpn01Port { get; }

    int DnsPort { get; }

    /// <summary>File of TXT records, one <c>NAME VALUE</c> a line.</summary>
    string TxtRecords { get; }
}
