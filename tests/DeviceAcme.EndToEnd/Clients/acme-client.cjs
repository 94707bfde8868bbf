// The npm package acme-client as its README shows it: node acme-client.cjs enroll|revoke FOLDER DIRECTORY CHALLENGE NAME...
const fs = require('node:fs');
const path = require('node:path');
const acme = require('acme-client');

const [command, folder, directoryUrl, challengeType, ...names] = process.argv.slice(2);
const at = (name) => path.join(folder, name);
const answers = process.env.ANSWERS;

async function account() {
  const known = fs.existsSync(at('account.pem'));
  const accountKey = known ? fs.readFileSync(at('account.pem')) : await acme.crypto.createPrivateEcdsaKey();
  fs.writeFileSync(at('account.pem'), accountKey);
  const client = new acme.Client({ directoryUrl, accountKey });
  await client.createAccount({ termsOfServiceAgreed: true, contact: ['mailto:node@host.example'] });
  return client;
}

async function present(authz, challenge, keyAuthorization) {
  const name = authz.identifier.value;
  if (challenge.type === 'http-01') {
    fs.writeFileSync(path.join(answers, challenge.token), keyAuthorization);
  } else if (challenge.type === 'dns-01') {
    fs.appendFileSync(process.env.TXT_RECORDS, `_acme-challenge.${name} ${keyAuthorization}\n`);
  } else {
    const [key, certificate] = await acme.crypto.createAlpnCertificate(authz, keyAuthorization);
    fs.writeFileSync(path.join(answers, `${name}.key.pem`), key);
    fs.writeFileSync(path.join(answers, `${name}.crt.pem`), certificate);
  }
}

async function enroll() {
  const client = await account();
  const [key, csr] = await acme.crypto.createCsr({ altNames: names });
  const chain = await client.auto({
    csr,
    termsOfServiceAgreed: true,
    challengePriority: [challengeType],
    // it would ask the names' real name servers
    skipChallengeVerification: true,
    challengeCreateFn: present,
    challengeRemoveFn: async () => {},
  });
  fs.writeFileSync(at('key.pem'), key);
  fs.writeFileSync(at('chain.pem'), chain);
}

async function revoke() {
  const client = await account();
  await client.revokeCertificate(fs.readFileSync(at('chain.pem')), { reason: 4 });
}

(command === 'enroll' ? enroll() : revoke()).catch((failure) => {
  console.error(failure);
  process.exitCode = 1;
});
