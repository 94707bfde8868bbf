namespace DeviceAcme.Server.Revocation;

// PLACEHOLDER, see Connectors/Issuers.cs
internal sealed class Revocations
{
    /// <summary>Publishes a new CRL of this issuer key at once (a revocation is stored already).</summary>
    public Task Publish(string issuerKeyId, CancellationToken cancellation) => Task.CompletedTask;
}
