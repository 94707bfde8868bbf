namespace DeviceAcme.EndToEnd.Clients;

/// <summary>An ACME client that others wrote, told nothing but where the directory is, which root to trust and where it may answer.</summary>
internal interface IStockClient
{
    /// <summary>Account and certificate for these names; the first one names the certificate.</summary>
    Task Enroll(string challenge, params string[] names);

    /// <summary>The same certificate again, although the first one lasts.</summary>
    Task Renew(string challenge, params string[] names);

    Task Revoke(params string[] names);

    /// <summary>The PEM file of the certificate and its chain.</summary>
    string ChainFile(string name);
}
