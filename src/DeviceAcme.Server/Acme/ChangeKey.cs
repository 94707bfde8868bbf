using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.3.5: the old key signs the outer JWS, the new one the inner.</summary>
internal static class ChangeKey
{
    public static async Task<IResult> Handle(AcmeRequest request, AcmeDb db, CancellationToken cancellation)
    {
        var inner = JwsEnvelope.Parse(request.Payload(), "payload").Open(JwsUse.KeyChange);
        var newKey = inner.Jwk!;
        if (!inner.Verify(newKey))
        {
            throw Problems.Malformed("inner-signature-invalid", "payload.signature: does not verify with the new key in jwk");
        }

        if (inner.Url != request.Urls.KeyChange)
        {
            throw Problems.Malformed("inner-url-mismatch", $"payload.protected.url: expected {request.Urls.KeyChange}, as in the outer JWS");
        }

        var change = KeyChangeRequest.Parse(StrictJson.ParseObject(inner.Payload.Span, "payload.payload"));
        if (change.Account != request.Urls.Account(request.Account.Id))
        {
            throw Problems.Malformed("key-change-account-mismatch", "payload.payload.account: expected the URL of the account that signed the outer JWS");
        }

        if (!change.OldKey.Equals(request.Key))
        {
            throw Problems.Malformed("key-change-old-key-mismatch", "payload.payload.oldKey: expected the account's current key");
        }

        var account = await db.Commit(context => Apply(context, request, newKey), cancellation);
        return Reply.Account(request, account, false);
    }

    private static Account Apply(AcmeContext context, AcmeRequest request, Jwk newKey)
    {
        var other = context.Accounts.FirstOrDefault(account => account.Profile == request.Profile.Name && account.Directory == request.Directory && account.Thumbprint == newKey.Thumbprint);
        if (other is not null)
        {
            // RFC 8555 §7.3.5: 409 with the Location of the account that has the key
            var conflict = Problems.Malformed("key-in-use", "payload.jwk: another account of this directory has this key", StatusCodes.Status409Conflict);
            throw new ProblemException(conflict.Problem) { Location = request.Urls.Account(other.Id) };
        }

        var account = context.Accounts.Single(account => account.Id == request.Account.Id);
        if (account.Thumbprint != request.Key.Thumbprint)
        {
            throw Problems.Malformed("key-change-old-key-mismatch", "payload.payload.oldKey: the account's key was changed meanwhile");
        }

        context.Record(account.ChangeKey(newKey.Thumbprint, newKey.ToJson(), request.Now));
        return account;
    }
}
