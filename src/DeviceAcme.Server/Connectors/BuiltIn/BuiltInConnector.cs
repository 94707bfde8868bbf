using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>Signs with a key of this installation. It signs at once, so a finalize request gets its certificate in its own reply.</summary>
internal sealed class BuiltInConnector(IssuerFolder folder, Uri? statusUrl) : ICertificateAuthority, IDisposable
{
    public string Name => folder.Name;

    /// <summary>The folder behind it, for CRLs.</summary>
    public IssuerFolder Folder => folder;

    public Task<IssuedCertificate> Issue(CertificatePlan plan, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var state = folder.State;
        var fitting = Fit(plan, state.Certificate);
        var serial = plan.Serial is { } promised ? Convert.FromHexString(promised) : CertificateBuilder.Serial();
        return Task.FromResult(new IssuedCertificate
        {
            Serial = Convert.ToHexStringLower(serial),
            IssuerKeyId = folder.KeyId,
            Certificate = CertificateBuilder.EndEntity(fitting, folder.Issuer(state.Certificate, statusUrl), serial),
            Chains = state.Chains(fitting.NotAfter),
            NotBefore = fitting.NotBefore,
            NotAfter = fitting.NotAfter,
        });
    }

    public void Dispose() => folder.Dispose();

    // nothing that is signed here is valid where its issuer is not
    private static CertificatePlan Fit(CertificatePlan plan, CaCertificate issuer)
    {
        if (plan.NotBefore >= issuer.NotAfter && !plan.ExactNotBefore)
        {
            throw new IssuerException($"the issuer's certificate '{issuer.SubjectText}' ended at {issuer.NotAfter:u}", "import a new one with 'deviceacme ca import'");
        }

        if ((plan.ExactNotAfter && plan.NotAfter > issuer.NotAfter) || (plan.ExactNotBefore && (plan.NotBefore < issuer.NotBefore || plan.NotBefore >= issuer.NotAfter)))
        {
            throw Problems.Malformed("validity-beyond-issuer", $"the order asks for {plan.NotBefore:u} to {plan.NotAfter:u}; the issuer is valid from {issuer.NotBefore:u} to {issuer.NotAfter:u}");
        }

        return plan with
        {
            NotBefore = plan.NotBefore < issuer.NotBefore ? issuer.NotBefore : plan.NotBefore,
            NotAfter = plan.NotAfter > issuer.NotAfter ? issuer.NotAfter : plan.NotAfter,
        };
    }
}
