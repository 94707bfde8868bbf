namespace DeviceAcme.Protocol.Client;

/// <summary>One exchange with the server, told when it is over.</summary>
/// <param name="Name">What was done, by the names of RFC 8555 §7.1.1 and §7.1: <c>directory</c>, <c>newNonce</c>, <c>newAccount</c>, <c>newOrder</c>,
/// <c>authorization</c>, <c>challenge</c>, <c>finalize</c>, <c>order</c>, <c>certificate</c>, <c>revokeCert</c>, <c>keyChange</c>, <c>account</c>, <c>orders</c>, <c>newAuthz</c>.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Url">Where it went.</param>
/// <param name="Status">HTTP status; null when there was no answer.</param>
/// <param name="Duration">From the first byte sent to the last one read.</param>
public sealed record AcmeStep(string Name, string Method, string Url, int? Status, TimeSpan Duration)
{
    /// <summary>The <c>status</c> member of the answered object or the last part of the problem's type; null when there is none.</summary>
    public string? Outcome => Answer?.Outcome();

    // read when somebody asks: most who count steps never do
    internal AcmeAnswer? Answer { get; init; }
}
