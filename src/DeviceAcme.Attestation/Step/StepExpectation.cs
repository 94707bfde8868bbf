using System.Text;

namespace DeviceAcme.Attestation.Step;

/// <summary>What a statement is judged against. Only ACME's rule is used for orders; recorded chains have nothing that was signed.</summary>
/// <param name="Signed">What <c>sig</c> is made over; null where no challenge was given.</param>
/// <param name="ChainAlone">The statement is a bare chain, without <c>alg</c> and <c>sig</c>: it can be right, but never fresh.</param>
internal sealed record StepExpectation(byte[]? Signed, bool ChainAlone)
{
    /// <summary>A slot certificate and its issuers as <c>ykman piv keys attest</c> writes them.</summary>
    public static StepExpectation Chain { get; } = new(null, ChainAlone: true);

    /// <summary>device-attest §5 as deployed: the key authorization itself, hashed by the signature.</summary>
    public static StepExpectation Acme(Evidence evidence) =>
        new(evidence.KeyAuthorization is { } keyAuthorization ? Encoding.UTF8.GetBytes(keyAuthorization) : null, ChainAlone: false);
}
